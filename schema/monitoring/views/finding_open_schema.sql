create view monitoring.finding_open_schema with (security_invoker = true) as
select
    'open_schema' as finding,
    n.schema_name::text as subject,
    format('revoke create on schema %s from %s', n.schema_name, coalesce(r.rolname, 'public')) as remedy
from monitoring.guarded_schemas as n
cross join lateral aclexplode(n.schema_acl) as a
left join pg_catalog.pg_roles as r on a.grantee = r.oid
where
    a.privilege_type = 'CREATE'
    and (a.grantee = 0 or r.rolname in ('anon', 'authenticated', 'service_role', 'authenticator'));
