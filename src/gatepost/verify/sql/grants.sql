-- Who may do what with the databases, and with the schemas of this one, the owners' own rights apart.
select
    'schema' as type,
    n.nspname as name,
    coalesce(r.rolname::text, 'public') as role,
    lower(x.privilege_type) as privilege
from pg_namespace as n
cross join lateral aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) as x
left join pg_roles as r on r.oid = x.grantee
where x.grantee <> n.nspowner
union all
select
    'database',
    d.datname,
    coalesce(r.rolname::text, 'public'),
    lower(x.privilege_type)
from pg_database as d
cross join lateral aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) as x
left join pg_roles as r on r.oid = x.grantee
where x.grantee <> d.datdba
