-- Partitions that can be read past the policies of their table
select
    'partition_row_security' as finding,
    c.oid::regclass::text as subject,
    'the partition is read by itself without policies: force row security on it as on its table' as remedy
from pg_catalog.pg_class as c
inner join guarded_schemas as n on n.oid = c.relnamespace
where
    c.relispartition
    and c.relkind in ('r', 'p')
    and not (c.relrowsecurity and c.relforcerowsecurity)
