-- Every table and view: its owner, row security and, of a partition, what it holds.
select
    n.nspname || '.' || c.relname as name,
    c.relkind::text as kind,
    pg_get_userbyid(c.relowner) as owner,
    c.relrowsecurity as row_security,
    c.relforcerowsecurity as forced,
    c.relispartition as is_partition,
    pn.nspname || '.' || p.relname as parent,
    pg_get_expr(c.relpartbound, c.oid) as bounds,
    array(
        select a.attname::text
        from pg_partitioned_table as t
        inner join pg_attribute as a on a.attrelid = t.partrelid and a.attnum = any(t.partattrs::int2[])
        where t.partrelid = c.oid
    ) as partition_columns
from pg_class as c
inner join pg_namespace as n on n.oid = c.relnamespace
left join pg_inherits as i on i.inhrelid = c.oid
left join pg_class as p on p.oid = i.inhparent
left join pg_namespace as pn on pn.oid = p.relnamespace
where c.relkind in ('r', 'p', 'v') and n.nspname not in ('pg_catalog', 'information_schema')
