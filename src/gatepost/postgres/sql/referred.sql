-- The table that a foreign key refers to.
select n.nspname as schema, there.relname as name
from pg_constraint as k
join pg_class as own on own.oid = k.conrelid
join pg_class as there on there.oid = k.confrelid
join pg_namespace as n on n.oid = there.relnamespace
where k.contype = 'f'
    and own.relnamespace::regnamespace = to_regnamespace(quote_ident(%(schema)s))
    and own.relname = %(table)s
    and k.conname = %(name)s
