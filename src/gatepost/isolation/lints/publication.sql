-- Publications of tables with row security: subscribers get every row
select distinct
    'publication' as finding,
    format('%s in %I', c.oid::regclass, t.pubname) as subject,
    'subscribers get the rows of every tenant: publish it with a row filter, or not at all' as remedy
from pg_catalog.pg_publication_tables as t
inner join pg_catalog.pg_namespace as s on s.nspname = t.schemaname
inner join guarded_schemas as n on n.oid = s.oid
inner join pg_catalog.pg_class as c on c.relnamespace = s.oid and c.relname = t.tablename
where c.relrowsecurity and t.rowfilter is null
