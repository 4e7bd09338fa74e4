-- The columns of those tables: a domain's with the type and the checks beneath it.
select
    a.attrelid::bigint as table_oid,
    a.attname as name,
    format_type(coalesce(nullif(t.typbasetype, 0), t.oid), null) as base,
    t.typcategory::text as category,
    a.atttypmod as modifier,
    not (a.attnotnull or t.typnotnull) as nullable,
    pg_get_expr(d.adbin, d.adrelid) as "default",
    a.attgenerated <> '' or a.attidentity <> '' as made_by_server,
    array(
        select e.enumlabel::text from pg_enum as e
        where e.enumtypid = coalesce(nullif(t.typbasetype, 0), t.oid)
        order by e.enumsortorder
    ) as labels
from pg_attribute as a
join pg_type as t on t.oid = a.atttypid
left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid = any(%(tables)s::oid[]) and a.attnum > 0 and not a.attisdropped
order by a.attrelid, a.attnum
