-- How a constraint of a table is defined.
select pg_get_constraintdef(k.oid)
from pg_constraint as k
join pg_class as c on c.oid = k.conrelid
join pg_namespace as n on n.oid = c.relnamespace
where n.nspname = %(schema)s and c.relname = %(table)s and k.conname = %(name)s
