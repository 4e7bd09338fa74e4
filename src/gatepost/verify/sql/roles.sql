-- Roles: attributes, settings, and the roles that they are members of.
select
    r.rolname as name,
    r.rolcanlogin as login,
    r.rolinherit as inherit,
    r.rolsuper as superuser,
    r.rolcreatedb as create_database,
    r.rolcreaterole as create_role,
    r.rolreplication as replication,
    r.rolbypassrls as bypass_row_security,
    r.oid = 10 as made_with_the_server,
    r.rolconnlimit as connection_limit,
    array(
        select s.setting
        from pg_db_role_setting as d, unnest(d.setconfig) as s (setting)
        where d.setrole = r.oid and d.setdatabase = 0
    ) as settings,
    array(
        select distinct g.rolname::text
        from pg_auth_members as m
        join pg_roles as g on g.oid = m.roleid
        where m.member = r.oid
    ) as member_of
from pg_roles as r
