-- How many rows a table and its partitions probably have and their bytes; no row where there is no such table.
select
    sum(pg_total_relation_size(m.oid))::bigint as bytes,
    bool_and(pg_relation_size(m.oid) = 0) as empty,
    sum(greatest(m.reltuples, pg_stat_get_live_tuples(m.oid), 0))::bigint as rows,
    bool_or(c.relkind = 'p') as partitioned
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
cross join lateral (
    select c.oid where c.relkind <> 'p'
    union all
    select p.relid from pg_partition_tree(case when c.relkind = 'p' then c.oid end) as p where p.isleaf
) as t (oid)
join pg_class as m on m.oid = t.oid
where n.nspname = %(schema)s and c.relname = %(name)s
having count(*) > 0
