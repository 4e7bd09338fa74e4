-- The foreign keys that refer to a key, with their tables.
select 'foreign key ' || f.conname || ' on ' || f.conrelid::regclass as referring
from pg_constraint as k
join pg_class as c on c.oid = k.conrelid
join pg_namespace as n on n.oid = c.relnamespace
join pg_constraint as f on f.contype = 'f' and f.confrelid = k.conrelid and f.conindid = k.conindid and f.conparentid = 0
where n.nspname = %(schema)s and c.relname = %(table)s and k.conname = %(name)s and k.conindid <> 0
order by 1
