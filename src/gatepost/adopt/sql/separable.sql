-- What was added to a table or domain after it was made, with what it needs; and views that read themselves.
select 'default' as what, n.nspname as schema, c.relname as name, a.attname as part, e.refclassid::regclass::text as on_catalog, e.refobjid::bigint as on_oid
from pg_attrdef as d
join pg_class as c on c.oid = d.adrelid and c.relkind in ('r', 'p')
join pg_namespace as n on n.oid = c.relnamespace
join pg_attribute as a on a.attrelid = c.oid and a.attnum = d.adnum and a.attgenerated = ''
join pg_depend as e on e.classid = 'pg_attrdef'::regclass and e.objid = d.oid and e.refobjid >= 16384 and e.deptype = 'n'
union
select 'check', n.nspname, t.typname, k.conname, e.refclassid::regclass::text, e.refobjid::bigint
from pg_constraint as k
join pg_type as t on t.oid = k.contypid
join pg_namespace as n on n.oid = t.typnamespace
join pg_depend as e on e.classid = 'pg_constraint'::regclass and e.objid = k.oid and e.refobjid >= 16384 and e.deptype = 'n'
where k.contype = 'c'
union
select 'view', n.nspname, c.relname, '', 'pg_class', c.oid::bigint
from pg_rewrite as r
join pg_class as c on c.oid = r.ev_class and c.relkind in ('v', 'm')
join pg_namespace as n on n.oid = c.relnamespace
join pg_depend as e on e.classid = 'pg_rewrite'::regclass and e.objid = r.oid and e.refclassid = 'pg_class'::regclass and e.refobjid = c.oid and e.deptype = 'n' and e.refobjsubid > 0
where r.rulename = '_RETURN'
