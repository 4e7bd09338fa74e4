-- Extensions, without the one that every database has.
select e.extname as name, n.nspname as schema
from pg_extension as e
join pg_namespace as n on n.oid = e.extnamespace
where e.extname <> 'plpgsql'
order by (
    select count(*) from pg_depend as d
    where d.classid = 'pg_extension'::regclass and d.objid = e.oid and d.refclassid = 'pg_extension'::regclass
), e.extname
