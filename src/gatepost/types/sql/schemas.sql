-- The schemas that are neither PostgreSQL's, nor Gatepost's, nor an extension's.
select n.nspname as name
from pg_namespace as n
where
    n.nspname !~ '^pg_' and n.nspname <> all(array['information_schema', 'gatepost'])
    and not exists (
        select from pg_depend as d
        where d.classid = 'pg_namespace'::regclass and d.objid = n.oid and d.deptype = 'e'
    )
order by n.nspname collate "C";
