-- How changes of tables are told from each other when they are replicated; no tables given means all of a schema, or of every one.
-- Schema, table, `full`, and the columns of the identity, null where there is none.
select
    n.nspname::text as schema,
    c.relname::text as name,
    c.relreplident = 'f' as full,
    (
        select array_agg(a.attname::text order by a.attnum)
        from pg_index as i
        join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = any(i.indkey::smallint[])
        where i.indrelid = c.oid and i.indimmediate and (i.indisreplident and c.relreplident = 'i' or i.indisprimary and c.relreplident = 'd')
    ) as columns
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and c.relpersistence = 'p'
    and n.nspname not in ('pg_catalog', 'information_schema')
    and (%(schema)s::text is null or n.nspname = %(schema)s)
    and (%(name)s::text is null or c.relname = %(name)s)
order by 1, 2
