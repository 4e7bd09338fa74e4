-- What a view and a materialized view, c, have in common: pairs of jsonb_build_object.
'privileges', coalesce((
    select jsonb_object_agg(g.grantee, g.privileges)
    from (
        select p.grantee, jsonb_agg(p.privilege order by p.privilege) as privileges
        from (
            select
                case when x.grantee = 0 then 'public' else pg_get_userbyid(x.grantee) end as grantee,
                lower(x.privilege_type) || case when x.is_grantable then ' with grant option' else '' end as privilege
            from aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) as x
            where x.grantee <> c.relowner
            union all
            select
                case when x.grantee = 0 then 'public' else pg_get_userbyid(x.grantee) end,
                lower(x.privilege_type) || ' (' || string_agg(a.attname, ', ' order by a.attname) || ')'
                || case when x.is_grantable then ' with grant option' else '' end
            from pg_attribute as a, aclexplode(a.attacl) as x
            where a.attrelid = c.oid and not a.attisdropped and x.grantee <> c.relowner
            group by x.grantee, x.privilege_type, x.is_grantable
        ) as p
        group by p.grantee
    ) as g
), '{}'),
'owner', pg_get_userbyid(c.relowner),
'comment', obj_description(c.oid, 'pg_class'),
'columnComments', coalesce((
    select jsonb_object_agg(a.attname, d.description)
    from pg_description as d
    join pg_attribute as a on a.attrelid = d.objoid and a.attnum = d.objsubid
    where d.classoid = 'pg_class'::regclass and d.objoid = c.oid and d.objsubid > 0
), '{}')
