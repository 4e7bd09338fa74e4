-- Materialized views: whether they can be read, and whose they are.
select
    n.nspname as schema,
    c.relname as name,
    c.relispopulated as populated,
    pg_get_userbyid(c.relowner) as owner,
    obj_description(c.oid, 'pg_class') as comment
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
where c.relkind = 'm' and n.nspname not in ('pg_catalog', 'information_schema')
