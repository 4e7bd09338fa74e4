-- Schemas in which an API role or everybody may create
select
    'open_schema' as finding,
    n.schema_name::text as subject,
    format('revoke create on schema %s from %s', n.schema_name, coalesce(a.role_name, 'public')) as remedy
from guarded_schemas as n
cross join lateral aclexplode(n.schema_acl) as x
left join api_roles as a on a.oid = x.grantee
where x.privilege_type = 'CREATE' and (x.grantee = 0 or a.oid is not null)
