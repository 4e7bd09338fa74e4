-- The bodies of functions whose language PostgreSQL does not look into when it notes what depends on what.
select
    n.nspname as schema,
    p.proname as name,
    coalesce((
        select string_agg(t.typname, ',' order by a.position)
        from unnest(p.proargtypes) with ordinality as a (type, position)
        join pg_type as t on t.oid = a.type
    ), '') as object,
    l.lanname as language,
    p.prosrc as body
from pg_proc as p
join pg_namespace as n on n.oid = p.pronamespace
join pg_language as l on l.oid = p.prolang
where p.oid >= 16384 and p.prosqlbody is null and p.prokind in ('f', 'p')
