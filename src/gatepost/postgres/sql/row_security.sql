-- Whether policies hold on a table; no row where there is no such table.
select c.relrowsecurity as row_security
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
where n.nspname = %(schema)s and c.relname = %(name)s
