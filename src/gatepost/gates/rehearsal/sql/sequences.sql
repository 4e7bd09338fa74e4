-- Every sequence that belongs to a column, with that column's table
select
    array[sn.nspname, s.relname] as sequence,
    array[tn.nspname, t.relname] as on_table,
    a.attname as on_column
from pg_depend as d
inner join pg_class as s on d.objid = s.oid and s.relkind = 'S'
inner join pg_namespace as sn on s.relnamespace = sn.oid
inner join pg_class as t on d.refobjid = t.oid
inner join pg_namespace as tn on t.relnamespace = tn.oid
inner join pg_attribute as a on t.oid = a.attrelid and d.refobjsubid = a.attnum
where
    d.classid = 'pg_class'::regclass
    and d.refclassid = 'pg_class'::regclass
    and d.deptype in ('a', 'i');
