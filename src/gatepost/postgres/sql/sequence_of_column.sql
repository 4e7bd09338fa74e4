-- The sequence that belongs to a column, given as schema.table.column, and that its default takes numbers from.
select n.nspname, c.relname, c.relpersistence = 'u' as unlogged
from (select parse_ident(%(column)s) as parts) as o
join pg_namespace as tn on tn.nspname = o.parts[1]
join pg_class as t on t.relnamespace = tn.oid and t.relname = o.parts[2]
join pg_attribute as a on a.attrelid = t.oid and a.attname = o.parts[3]
join pg_depend as d on d.refclassid = 'pg_class'::regclass and d.refobjid = t.oid and d.refobjsubid = a.attnum and d.deptype = 'a'
join pg_class as c on d.classid = 'pg_class'::regclass and d.objid = c.oid and c.relkind = 'S'
join pg_namespace as n on n.oid = c.relnamespace
join pg_attrdef as f on f.adrelid = t.oid and f.adnum = a.attnum
join pg_depend as u on u.classid = 'pg_attrdef'::regclass and u.objid = f.oid and u.refclassid = 'pg_class'::regclass and u.refobjid = c.oid
