-- Tables that rows are made for: neither partitions nor PostgreSQL's or Gatepost's own.
select
    c.oid::bigint as oid,
    n.nspname as schema,
    c.relname as name,
    pg_get_partkeydef(c.oid) as partition_key,
    array(
        select pg_get_expr(p.relpartbound, p.oid)
        from pg_inherits as h join pg_class as p on p.oid = h.inhrelid
        where h.inhparent = c.oid and c.relkind = 'p'
    ) as bounds,
    array(
        select pg_get_constraintdef(k.oid)
        from pg_constraint as k
        where k.conrelid = c.oid and k.contype = 'x'
    ) as exclusions
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
where
    c.relkind in ('r', 'p')
    and not c.relispartition
    and n.nspname !~ '^pg_'
    and n.nspname not in ('information_schema', 'gatepost')
order by n.nspname, c.relname
