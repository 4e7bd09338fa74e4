-- Privileges that a role of requests can hand on
select distinct
    'grant_option' as finding,
    c.oid::regclass::text as subject,
    format('revoke grant option for %s on %s from %I', x.privilege_type, c.oid::regclass, a.role_name) as remedy
from pg_catalog.pg_class as c
inner join guarded_schemas as n on n.oid = c.relnamespace
cross join lateral aclexplode(c.relacl) as x
inner join api_roles as a on a.oid = x.grantee
where x.is_grantable and x.grantee <> c.relowner
