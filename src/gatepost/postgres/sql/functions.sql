-- Functions and procedures, one row a signature.
select
    n.nspname as schema,
    p.proname as name,
    coalesce((
        select string_agg(t.typname, ',' order by a.position)
        from unnest(p.proargtypes) with ordinality as a (type, position)
        join pg_type as t on t.oid = a.type
    ), '') as object,
    jsonb_build_object(
        'definition', pg_get_functiondef(p.oid),
        'privileges', coalesce((
            select jsonb_object_agg(g.grantee, g.privileges)
            from (
                select
                    case when x.grantee = 0 then 'public' else pg_get_userbyid(x.grantee) end as grantee,
                    jsonb_agg(lower(x.privilege_type) || case when x.is_grantable then ' with grant option' else '' end
                        order by x.privilege_type, x.is_grantable) as privileges
                from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as x
                where x.grantee <> p.proowner
                group by x.grantee
            ) as g
        ), '{}'),
        'owner', pg_get_userbyid(p.proowner),
        'comment', obj_description(p.oid, 'pg_proc')
    ) as definition
from pg_proc as p
join pg_namespace as n on n.oid = p.pronamespace
where p.prokind in ('f', 'p')
    and n.nspname not in ('pg_catalog', 'information_schema', 'gatepost')
    and (%(schema)s::text is null or n.nspname = %(schema)s)
    and (%(names)s::text[] is null or p.proname = any(%(names)s))
    and not exists (select from pg_depend as e where e.classid = 'pg_proc'::regclass and e.objid = p.oid and e.deptype in ('e', 'i'))
