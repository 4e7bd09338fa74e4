-- Every ordinary table that holds rows: its columns that can be written, its key, its columns' types
select
    n.nspname as schema,
    c.relname as name,
    array_agg(a.attname order by a.attnum) filter (where a.attgenerated = '') as writable,
    jsonb_object_agg(a.attname, format_type(a.atttypid, a.atttypmod)) as types,
    (
        select array_agg(k.attname order by array_position(i.indkey::int2[], k.attnum))
        from pg_index as i
        inner join pg_attribute as k on i.indrelid = k.attrelid and k.attnum = any(i.indkey::int2[])
        where i.indrelid = c.oid and i.indisprimary
    ) as key
from pg_class as c
inner join pg_namespace as n on c.relnamespace = n.oid
inner join pg_attribute as a on c.oid = a.attrelid and a.attnum > 0 and not a.attisdropped
where
    c.relkind = 'r'
    and c.relpersistence = 'p'
    and n.nspname not in ('pg_catalog', 'information_schema')
group by n.nspname, c.relname, c.oid
order by n.nspname, c.relname;
