-- How many rows a table probably has and its bytes; no row where there is no such table.
select
    pg_total_relation_size(c.oid) as bytes,
    pg_relation_size(c.oid) = 0 as empty,
    greatest(c.reltuples, pg_stat_get_live_tuples(c.oid))::bigint as rows
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
where n.nspname = %(schema)s and c.relname = %(name)s
