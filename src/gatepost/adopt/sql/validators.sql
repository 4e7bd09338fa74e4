-- Functions with what validates their bodies, and the search path under which they are made.
select
    n.nspname as schema,
    p.proname as name,
    coalesce((
        select string_agg(t.typname, ',' order by a.position)
        from unnest(p.proargtypes) with ordinality as a (type, position)
        join pg_type as t on t.oid = a.type
    ), '') as object,
    vn.nspname as validator_schema,
    v.proname as validator,
    p.oid::bigint as function,
    coalesce((
        select substr(s.setting, length('search_path=') + 1)
        from unnest(p.proconfig) as s (setting)
        where s.setting like 'search\_path=%'
    ), 'public') as search_path
from pg_proc as p
join pg_namespace as n on n.oid = p.pronamespace
join pg_language as l on l.oid = p.prolang
join pg_proc as v on v.oid = l.lanvalidator
join pg_namespace as vn on vn.oid = v.pronamespace
where p.oid >= 16384
    and p.prokind in ('f', 'p')
    and not exists (select from pg_depend as e where e.classid = 'pg_proc'::regclass and e.objid = p.oid and e.deptype = 'e')
