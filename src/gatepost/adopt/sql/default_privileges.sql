-- Default privileges: one row for each owner, schema, kind of object and role that gets or loses some.
select
    pg_get_userbyid(d.defaclrole) as owner,
    n.nspname as schema,
    case d.defaclobjtype when 'r' then 'table' when 'S' then 'sequence' when 'f' then 'function' when 'T' then 'type' when 'n' then 'schema' else d.defaclobjtype::text end as object_type,
    case when g.role = 0 then 'public' else pg_get_userbyid(g.role) end as role,
    g.grantable,
    g.privileges
from pg_default_acl as d
left join pg_namespace as n on n.oid = d.defaclnamespace
cross join lateral (
    select x.grantee as role, x.is_grantable as grantable, jsonb_agg(x.privilege_type order by x.privilege_type) as privileges, min(x.n) as first
    from aclexplode(d.defaclacl) with ordinality as x (grantor, grantee, privilege_type, is_grantable, n)
    where d.defaclnamespace <> 0 or x.grantee <> d.defaclrole
    group by x.grantee, x.is_grantable
    union all
    select b.grantee, false, '[]', 0
    from (
        select distinct y.grantee
        from aclexplode(acldefault(case d.defaclobjtype when 'S' then 's' else d.defaclobjtype end, d.defaclrole)) as y
    ) as b
    where d.defaclnamespace = 0
        and not exists (select from aclexplode(d.defaclacl) as z where z.grantee = b.grantee)
) as g
order by 1, 2 nulls first, 3, g.first
