-- Functions and procedures: language, whose rights they run with, their settings.
select
    n.nspname as schema,
    p.proname as name,
    array(select u.type::bigint from unnest(p.proargtypes::oid[]) with ordinality as u (type, at) order by u.at)
        as arguments,
    p.prokind::text as kind,
    l.lanname as language,
    p.prosecdef as security_definer,
    p.provolatile::text as volatility,
    coalesce(p.proconfig, '{}') as settings,
    pg_get_userbyid(p.proowner) as owner,
    obj_description(p.oid, 'pg_proc') as comment
from pg_proc as p
join pg_namespace as n on n.oid = p.pronamespace
join pg_language as l on l.oid = p.prolang
where n.nspname not in ('pg_catalog', 'information_schema')
