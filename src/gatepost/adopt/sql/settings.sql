-- What is set for this database, and for roles in it or everywhere; not to what: it may be a secret.
select
    d.datname as database,
    a.rolname as role,
    split_part(v.setting, '=', 1) as name
from pg_db_role_setting as s
left join pg_database as d on d.oid = s.setdatabase
left join pg_roles as a on a.oid = s.setrole
cross join lateral unnest(s.setconfig) as v (setting)
where s.setdatabase = 0 or d.datname = current_database()
order by 1, 2, 3
