-- Every table with its rows, as they were counted last (-1: never), and its pages
select
    n.nspname || '.' || c.relname as name,
    c.reltuples::float8 as rows,
    c.relpages::bigint as pages
from pg_class as c
inner join pg_namespace as n on c.relnamespace = n.oid
where c.relkind in ('r', 'm', 'p') and n.nspname not in ('pg_catalog', 'information_schema', 'gatepost');
