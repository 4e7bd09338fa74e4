-- Schemas with their owners and who has which rights in them.
select
    n.nspname as name,
    pg_get_userbyid(n.nspowner) as owner,
    coalesce((
        select jsonb_agg(jsonb_build_object('role', g.role, 'privileges', g.privileges, 'grantable', g.grantable) order by g.first)
        from (
            select
                case when x.grantee = 0 then 'public' else pg_get_userbyid(x.grantee) end as role,
                x.is_grantable as grantable,
                jsonb_agg(x.privilege_type order by x.privilege_type) as privileges,
                min(x.n) as first
            from aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) with ordinality as x (grantor, grantee, privilege_type, is_grantable, n)
            where x.grantee <> n.nspowner
            group by x.grantee, x.is_grantable
        ) as g
    ), '[]') as grants
from pg_namespace as n
where n.nspname not in ('information_schema', 'gatepost')
    and n.nspname !~ '^pg_'
    and not exists (select from pg_depend as e where e.classid = 'pg_namespace'::regclass and e.objid = n.oid and e.deptype = 'e')
order by n.nspname
