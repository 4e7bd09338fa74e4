-- The indexes of a partitioned table's partitions: whether each can be used, and is part of an index over all.
select
    n.nspname as schema,
    ic.relname as name,
    i.indisvalid and i.indisready as valid,
    ic.relispartition as attached
from pg_partition_tree(to_regclass(format('%%I.%%I', %(schema)s::text, %(name)s::text))) as t
join pg_index as i on i.indrelid = t.relid
join pg_class as ic on ic.oid = i.indexrelid
join pg_namespace as n on n.oid = ic.relnamespace
where t.level > 0
