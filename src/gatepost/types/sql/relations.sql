-- Tables and views of the schemas, their columns in order; partitions are their table's.
select
    n.nspname as schema,
    c.relname as name,
    c.relkind = any(array['v', 'm']::"char"[]) as is_view,
    obj_description(c.oid, 'pg_class') as comment,
    (pg_relation_is_updatable(c.oid, true) & 8) = 8 as is_insertable,
    (pg_relation_is_updatable(c.oid, true) & 4) = 4 as is_updatable,
    json_agg(
        json_build_object(
            'name', a.attname,
            'type', a.atttypid::bigint,
            'comment', col_description(c.oid, a.attnum),
            'is_nullable', not (a.attnotnull or (t.typtype = 'd' and t.typnotnull)),
            'has_default', a.atthasdef or a.attidentity <> '' or t.typdefault is not null,
            'is_writable', a.attgenerated = '' and a.attidentity <> 'a'
                and (c.relkind <> 'v' or pg_column_is_updatable(c.oid, a.attnum, true))
        )
        order by a.attnum
    ) as columns
from pg_class as c
inner join pg_namespace as n on c.relnamespace = n.oid
inner join pg_attribute as a on c.oid = a.attrelid
inner join pg_type as t on a.atttypid = t.oid
where
    n.nspname = any(%(schemas)s::text[])
    and c.relkind = any(array['r', 'p', 'v', 'm', 'f']::"char"[])
    and not c.relispartition
    and a.attnum > 0
    and not a.attisdropped
    and not exists (
        select from pg_depend as d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
    )
group by n.nspname, c.oid
order by n.nspname collate "C", c.relname collate "C";
