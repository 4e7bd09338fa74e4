-- Who may do what with tables, views and sequences, columns, functions and types.
select
    n.nspname as schema,
    c.relname as name,
    null::bigint[] as arguments,
    null::text as column,
    coalesce(r.rolname::text, 'public') as role,
    lower(x.privilege_type) as privilege,
    x.is_grantable as grantable,
    x.grantee = c.relowner as is_owner
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
cross join lateral aclexplode(coalesce(c.relacl, acldefault(case c.relkind when 'S' then 's' else 'r' end::"char", c.relowner))) as x
left join pg_roles as r on r.oid = x.grantee
where c.relkind in ('r', 'p', 'v', 'm', 'S') and n.nspname not in ('pg_catalog', 'information_schema')
union all
select
    n.nspname,
    c.relname,
    null,
    a.attname,
    coalesce(r.rolname::text, 'public'),
    lower(x.privilege_type),
    x.is_grantable,
    x.grantee = c.relowner
from pg_attribute as a
join pg_class as c on c.oid = a.attrelid
join pg_namespace as n on n.oid = c.relnamespace
cross join lateral aclexplode(a.attacl) as x
left join pg_roles as r on r.oid = x.grantee
where not a.attisdropped and n.nspname not in ('pg_catalog', 'information_schema')
union all
select
    n.nspname,
    p.proname,
    array(select u.type::bigint from unnest(p.proargtypes::oid[]) with ordinality as u (type, at) order by u.at),
    null,
    coalesce(r.rolname::text, 'public'),
    lower(x.privilege_type),
    x.is_grantable,
    x.grantee = p.proowner
from pg_proc as p
join pg_namespace as n on n.oid = p.pronamespace
cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as x
left join pg_roles as r on r.oid = x.grantee
where n.nspname not in ('pg_catalog', 'information_schema')
union all
select
    n.nspname,
    t.typname,
    null,
    null,
    coalesce(r.rolname::text, 'public'),
    lower(x.privilege_type),
    x.is_grantable,
    x.grantee = t.typowner
from pg_type as t
join pg_namespace as n on n.oid = t.typnamespace
left join pg_class as c on c.oid = t.typrelid
cross join lateral aclexplode(coalesce(t.typacl, acldefault('T', t.typowner))) as x
left join pg_roles as r on r.oid = x.grantee
where (t.typtype in ('e', 'd') or c.relkind = 'c') and n.nspname not in ('pg_catalog', 'information_schema')
