-- Whether a materialized view can be read, and whether it can be refreshed while it is.
select
    c.relispopulated as populated,
    c.relispopulated and exists (
        select from pg_index as i
        where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
    ) as concurrently
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
where c.relkind = 'm' and n.nspname = %(schema)s and c.relname = %(name)s
