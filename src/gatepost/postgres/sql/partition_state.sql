-- Whether a table is a partition, is being detached, or stands alone; no row where there is none of that name.
select case when i.inhdetachpending then 'detaching' when c.relispartition then 'attached' else 'alone' end as state
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
left join pg_inherits as i on i.inhrelid = c.oid and c.relispartition
where n.nspname = %(schema)s and c.relname = %(name)s
