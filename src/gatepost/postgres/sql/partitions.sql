-- A partitioned table's partitions but foreign ones, those that are divided further before their own; whether each holds rows itself, and is open though its table is not.
select
    n.nspname as schema,
    c.relname as name,
    pn.nspname as parent_schema,
    pc.relname as parent_name,
    t.isleaf as leaf,
    pg_relation_size(c.oid) = 0 as empty,
    top.relrowsecurity and not c.relrowsecurity as open
from pg_partition_tree(to_regclass(format('%%I.%%I', %(schema)s::text, %(name)s::text))) as t
join pg_class as c on c.oid = t.relid
join pg_namespace as n on n.oid = c.relnamespace
join pg_class as pc on pc.oid = t.parentrelid
join pg_namespace as pn on pn.oid = pc.relnamespace
join pg_class as top on top.oid = pg_partition_root(c.oid)
where t.level > 0 and c.relkind <> 'f'
order by t.level, c.relname
