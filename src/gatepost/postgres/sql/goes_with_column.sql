-- The constraints and indexes that PostgreSQL drops with a column though they have others too: name, and whether they keep rows out.
select k.conname::text as name, true as holds
from pg_constraint as k
join pg_class as c on c.oid = k.conrelid
join pg_namespace as n on n.oid = c.relnamespace
join pg_attribute as a on a.attrelid = c.oid and a.attname = %(column)s
where n.nspname = %(schema)s and c.relname = %(table)s and k.contype <> 'n' and a.attnum = any(k.conkey) and cardinality(k.conkey) > 1
union all
select i.relname::text, x.indisunique
from pg_index as x
join pg_class as i on i.oid = x.indexrelid
join pg_class as c on c.oid = x.indrelid
join pg_namespace as n on n.oid = c.relnamespace
join pg_attribute as a on a.attrelid = c.oid and a.attname = %(column)s
where n.nspname = %(schema)s and c.relname = %(table)s and x.indnatts > 1
    and not exists (select from pg_constraint as k where k.conindid = i.oid)
    and exists (select from pg_depend as d where d.objid = i.oid and d.refobjid = c.oid and d.refobjsubid = a.attnum)
order by 1
