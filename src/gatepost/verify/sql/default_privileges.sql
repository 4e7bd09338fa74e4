-- What a role's new objects give to others: declared entries, and what PostgreSQL does without one.
select
    pg_get_userbyid(o.owner) as owner,
    coalesce(n.nspname::text, '') as schema,
    o.type::text as type,
    coalesce(r.rolname::text, 'public') as role,
    lower(x.privilege_type) as privilege
from (
    select d.defaclrole as owner, d.defaclnamespace as namespace, d.defaclobjtype as type, d.defaclacl as acl
    from pg_default_acl as d
    union all
    select r.oid, 0, t.type, acldefault(t.type, r.oid)
    from pg_roles as r, unnest('{f,r,S,T,n}'::"char"[]) as t (type)
    where not exists (
        select from pg_default_acl as d
        where d.defaclrole = r.oid and d.defaclnamespace = 0 and d.defaclobjtype = t.type
    )
) as o
cross join lateral aclexplode(o.acl) as x
left join pg_namespace as n on n.oid = o.namespace
left join pg_roles as r on r.oid = x.grantee
where x.grantee <> o.owner
