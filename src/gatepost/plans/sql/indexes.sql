-- Indexes as far as one can stand in for another; those of partitions count with their table's.
select
    n.nspname as schema,
    t.relname as "table",
    c.relname as name,
    i.indisunique as is_unique,
    exists (select from pg_constraint as k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x')) as is_constraint,
    m.amname as method,
    pg_get_expr(i.indpred, i.indrelid) as predicate,
    array(
        select concat_ws(
            ' ', pg_get_indexdef(i.indexrelid, place, false), i.indclass[place - 1], i.indcollation[place - 1],
            i.indoption[place - 1]
        )
        from generate_series(1, i.indnkeyatts) as place
    ) as keys,
    array(
        select pg_get_indexdef(i.indexrelid, place, false)
        from generate_series(1, i.indnatts) as place
    ) as holds,
    coalesce(pg_stat_get_numscans(i.indexrelid), 0) + coalesce((
        select sum(pg_stat_get_numscans(p.relid)) from pg_partition_tree(i.indexrelid) as p
    ), 0) as scans
from pg_index as i
join pg_class as c on c.oid = i.indexrelid
join pg_class as t on t.oid = i.indrelid
join pg_namespace as n on n.oid = t.relnamespace
join pg_am as m on m.oid = c.relam
where
    not c.relispartition
    and n.nspname !~ '^pg_'
    and n.nspname not in ('information_schema', 'gatepost')
order by 1, 2, 3
