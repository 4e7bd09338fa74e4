-- What PostgreSQL named after a table's columns by itself: sequences that count, and constraints of not null.
select a.attname as column, 'seq' as ending, s.relname as name
from pg_attribute as a
join pg_depend as d
    on d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass
    and d.refobjid = a.attrelid and d.refobjsubid = a.attnum and d.deptype in ('a', 'i')
join pg_class as s on s.oid = d.objid and s.relkind = 'S'
where a.attrelid = to_regclass(format('%%I.%%I', %(schema)s::text, %(table)s::text))
union all
select a.attname, 'not_null', k.conname
from pg_constraint as k
join pg_attribute as a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
where k.conrelid = to_regclass(format('%%I.%%I', %(schema)s::text, %(table)s::text)) and k.contype = 'n' and k.conislocal
order by 1, 2
