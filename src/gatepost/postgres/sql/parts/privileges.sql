-- The privileges on the relation c and on its columns; a column's name is quoted where a list would not keep it.
(
    select coalesce(jsonb_object_agg(g.grantee, g.privileges), '{}')
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
                lower(x.privilege_type) || ' (' || string_agg(case when a.attname ~ '[(),"]|^\s|\s$' then quote_ident(a.attname) else a.attname end, ', ' order by a.attname) || ')'
                || case when x.is_grantable then ' with grant option' else '' end
            from pg_attribute as a, aclexplode(a.attacl) as x
            where a.attrelid = c.oid and not a.attisdropped and x.grantee <> c.relowner
            group by x.grantee, x.privilege_type, x.is_grantable
        ) as p
        group by p.grantee
    ) as g
)
