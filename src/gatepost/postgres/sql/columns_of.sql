-- The names of a relation's columns; no row where there is no such relation.
select array_agg(a.attname::text) as columns
from pg_attribute as a
join pg_class as c on c.oid = a.attrelid
join pg_namespace as n on n.oid = c.relnamespace
where n.nspname = %(schema)s and c.relname = %(name)s and a.attnum > 0 and not a.attisdropped
having count(*) > 0
