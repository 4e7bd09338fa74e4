-- The roles that requests run as: a login that inherits nothing, and what it takes on with set role.
select
    r.oid,
    r.rolname::text as role_name,
    not r.rolcanlogin as is_taken_on,
    r.rolname = 'service_role' as is_service
from pg_catalog.pg_roles as r
where
    not r.rolsuper
    and exists (
        select
        from pg_catalog.pg_auth_members as m
        inner join pg_catalog.pg_roles as l on l.oid = m.member
        where l.rolcanlogin and not l.rolinherit and r.oid in (m.roleid, m.member)
    )
