-- What is set for the sessions of a role or of everybody, in this database or in each.
select
    coalesce(r.rolname::text, '') as role,
    d.setdatabase <> 0 as in_database,
    split_part(s.setting, '=', 1) as name,
    s.setting
from pg_db_role_setting as d
cross join unnest(d.setconfig) as s (setting)
left join pg_roles as r on r.oid = d.setrole
where d.setdatabase in (0, (select oid from pg_database where datname = current_database()))
union all
select '', false, s.name, s.name || '=' || s.reset_val
from pg_settings as s
where s.source = 'configuration file'
    and (s.name, s.reset_val) in (('row_security', 'off'), ('session_replication_role', 'replica'), ('session_replication_role', 'local'))
