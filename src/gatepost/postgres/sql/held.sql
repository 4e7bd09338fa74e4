-- Tables of the deployer that hold anything, with their probable rows and their bytes.
select
    n.nspname as schema,
    c.relname as name,
    sum(greatest(m.reltuples, pg_stat_get_live_tuples(m.oid), 0))::bigint as rows,
    sum(pg_total_relation_size(m.oid))::bigint as bytes
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
cross join lateral (
    select c.oid where c.relkind <> 'p'
    union all
    select p.relid from pg_partition_tree(case when c.relkind = 'p' then c.oid end) as p where p.isleaf
) as t (oid)
join pg_class as m on m.oid = t.oid
where c.relkind in ('r', 'p')
    and not c.relispartition
    and c.relowner = current_user::regrole
    and n.nspname <> 'gatepost'
group by n.nspname, c.relname
having not bool_and(pg_relation_size(m.oid) = 0)
order by n.nspname, c.relname
