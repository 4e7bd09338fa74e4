-- Functions in a language that reaches past the database's own checks
select
    'untrusted_language' as finding,
    p.oid::regprocedure::text as subject,
    format('%s reaches the server itself: write it in SQL or PL/pgSQL', l.lanname) as remedy
from pg_catalog.pg_proc as p
inner join guarded_schemas as n on n.oid = p.pronamespace
inner join pg_catalog.pg_language as l on l.oid = p.prolang
where
    not l.lanpltrusted
    and l.lanname <> 'sql'
    and not exists (
        select from pg_catalog.pg_depend as d
        where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
    )
