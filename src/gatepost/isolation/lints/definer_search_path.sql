-- Security definer functions without a pinned search_path
select
    'definer_search_path' as finding,
    p.oid::regprocedure::text as subject,
    'security definer without a pinned search_path: add set search_path = '''' to it' as remedy
from pg_catalog.pg_proc as p
inner join guarded_schemas as n on n.oid = p.pronamespace
where
    p.prosecdef
    and coalesce(array_to_string(p.proconfig, ','), '') not like '%search_path=%'
