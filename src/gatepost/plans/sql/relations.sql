-- Tables, partitions and indexes with their size, as vacuum and analyze found them.
select
    n.nspname as schema,
    c.relname as name,
    c.relpages as pages,
    greatest(c.reltuples, 0)::float8 as tuples
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
where
    c.relkind in ('r', 'p', 'i', 'm')
    and n.nspname !~ '^pg_'
    and n.nspname not in ('information_schema', 'gatepost')
order by 1, 2
