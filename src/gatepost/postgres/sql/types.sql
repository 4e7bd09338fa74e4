-- Enums, domains and composite types.
select
    n.nspname as schema,
    t.typname as name,
    jsonb_build_object(
        'kind', case t.typtype when 'e' then 'enum' when 'd' then 'domain' else 'composite' end,
        'privileges', coalesce((
            select jsonb_object_agg(g.grantee, g.privileges)
            from (
                select
                    case when x.grantee = 0 then 'public' else pg_get_userbyid(x.grantee) end as grantee,
                    jsonb_agg(lower(x.privilege_type) || case when x.is_grantable then ' with grant option' else '' end
                        order by x.privilege_type, x.is_grantable) as privileges
                from aclexplode(coalesce(t.typacl, acldefault('T', t.typowner))) as x
                where x.grantee <> t.typowner
                group by x.grantee
            ) as g
        ), '{}'),
        'owner', pg_get_userbyid(t.typowner),
        'comment', obj_description(t.oid, 'pg_type')
    ) || case t.typtype
        when 'e' then jsonb_build_object(
            'values', coalesce((select jsonb_agg(e.enumlabel order by e.enumsortorder) from pg_enum as e where e.enumtypid = t.oid), '[]')
        )
        when 'd' then jsonb_build_object(
            'type', format_type(t.typbasetype, t.typtypmod),
            'default', t.typdefault,
            'nullable', not t.typnotnull,
            'collation', case when t.typcollation <> b.typcollation then t.typcollation::regcollation::text end,
            'checks', coalesce((
                select jsonb_object_agg(k.conname, pg_get_expr(k.conbin, 0) || case when k.convalidated then '' else ' not valid' end)
                from pg_constraint as k where k.contypid = t.oid and k.contype = 'c'
            ), '{}')
        )
        else jsonb_build_object('attributes', coalesce((
            select jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                'name', a.attname,
                'type', format_type(a.atttypid, a.atttypmod),
                'collation', case when a.attcollation <> y.typcollation then a.attcollation::regcollation::text end,
                'comment', col_description(a.attrelid, a.attnum)
            )) order by a.attnum)
            from pg_attribute as a
            join pg_type as y on y.oid = a.atttypid
            where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
        ), '[]'))
    end as definition
from pg_type as t
join pg_namespace as n on n.oid = t.typnamespace
left join pg_type as b on b.oid = t.typbasetype
left join pg_class as c on c.oid = t.typrelid
where (t.typtype in ('e', 'd') or c.relkind = 'c')
    and n.nspname not in ('pg_catalog', 'information_schema', 'gatepost')
    and (%(schema)s::text is null or n.nspname = %(schema)s)
    and (%(names)s::text[] is null or t.typname = any(%(names)s))
    and not exists (select from pg_depend as e where e.classid = 'pg_type'::regclass and e.objid = t.oid and e.deptype = 'e')
