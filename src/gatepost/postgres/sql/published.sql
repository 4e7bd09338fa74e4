-- The publications that send updates or deletes of a table or of its partitions, and would need its primary key for that.
select p.pubname::text as publication, t.attnames::text[] as columns, t.rowfilter is not null as filtered
from pg_publication_tables as t
join pg_publication as p on p.pubname = t.pubname and (p.pubupdate or p.pubdelete)
join pg_namespace as n on n.nspname = t.schemaname
join pg_class as c on c.relnamespace = n.oid and c.relname = t.tablename
where c.relreplident = 'd' and (
    c.oid = to_regclass(%(table)s)
    or exists (select from pg_partition_tree(to_regclass(%(table)s)) as l where l.relid = c.oid)
)
order by 1
