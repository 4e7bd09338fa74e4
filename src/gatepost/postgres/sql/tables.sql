-- Tables with their columns, row security, privileges and comments.
select
    n.nspname as schema,
    c.relname as name,
    jsonb_build_object(
        'columns', coalesce(cols.columns, '[]'),
        'comment', obj_description(c.oid, 'pg_class'),
        'rowSecurity', case when c.relforcerowsecurity and c.relrowsecurity then 'forced' when c.relrowsecurity then 'enabled' else 'off' end,
        'privileges', coalesce(acl.privileges, '{}'),
        'owner', pg_get_userbyid(c.relowner)
    ) as definition
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
left join lateral (
    select jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
        'name', a.attname,
        'type', format_type(a.atttypid, a.atttypmod),
        'nullable', not a.attnotnull,
        'default', case when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end,
        'generated', case when a.attgenerated <> '' then pg_get_expr(d.adbin, d.adrelid) end,
        'identity', case a.attidentity when 'a' then 'always' when 'd' then 'by default' end,
        'collation', case when a.attcollation <> t.typcollation then a.attcollation::regcollation::text end,
        'comment', col_description(a.attrelid, a.attnum)
    )) order by a.attnum) as columns
    from pg_attribute as a
    join pg_type as t on t.oid = a.atttypid
    left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
) as cols on true
left join lateral (
    select jsonb_object_agg(g.grantee, g.privileges) as privileges
    from (
        select
            p.grantee,
            jsonb_agg(p.privilege order by p.privilege) as privileges
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
) as acl on true
where c.relkind in ('r', 'p')
    and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'gatepost')
    and (%(schema)s::text is null or n.nspname = %(schema)s)
    and (%(name)s::text is null or c.relname = %(name)s)
    and not exists (select from pg_depend as e where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e')
