create view monitoring.finding_definer_search_path with (security_invoker = true) as
select
    'definer_search_path' as finding,
    p.oid::regprocedure::text as subject,
    'security definer without a pinned search_path: add set search_path = '''' to it' as remedy
from pg_catalog.pg_proc as p
inner join monitoring.guarded_schemas as n on p.pronamespace = n.oid
where
    p.prosecdef
    and coalesce(array_to_string(p.proconfig, ','), '') not like '%search_path=%';
