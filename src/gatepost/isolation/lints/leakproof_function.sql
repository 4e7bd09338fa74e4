-- Functions that may see rows before the policies do
select
    'leakproof_function' as finding,
    p.oid::regprocedure::text as subject,
    'leakproof lets it run before the policies: alter function … not leakproof' as remedy
from pg_catalog.pg_proc as p
inner join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
where
    p.proleakproof
    and n.nspname not in ('pg_catalog', 'information_schema')
    and not exists (
        select from pg_catalog.pg_depend as d
        where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
    )
