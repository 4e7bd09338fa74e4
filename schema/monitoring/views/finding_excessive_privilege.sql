create view monitoring.finding_excessive_privilege with (security_invoker = true) as
select
    'excessive_privilege' as finding,
    c.oid::regclass::text as subject,
    format('revoke %s on %s from %s', a.privilege_type, c.oid::regclass, r.rolname) as remedy
from pg_catalog.pg_class as c
inner join monitoring.guarded_schemas as n on c.relnamespace = n.oid
cross join lateral aclexplode(c.relacl) as a
inner join pg_catalog.pg_roles as r on a.grantee = r.oid
where
    r.rolname in ('anon', 'authenticated', 'service_role')
    and a.privilege_type in ('TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN');
