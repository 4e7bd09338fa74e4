-- Triggers that somebody made, on tables and views; not those that keep columns in step while they change.
select
    n.nspname as schema,
    c.relname as name,
    t.tgname as object,
    jsonb_build_object(
        'definition', pg_get_triggerdef(t.oid),
        'enabled', t.tgenabled <> 'D',
        'comment', obj_description(t.oid, 'pg_trigger')
    ) || jsonb_strip_nulls(jsonb_build_object(
        'fires', case t.tgenabled when 'R' then 'replica' when 'A' then 'always' end
    )) as definition
from pg_trigger as t
join pg_class as c on c.oid = t.tgrelid
join pg_namespace as n on n.oid = c.relnamespace
where not t.tgisinternal
    and t.tgparentid = 0
    and not exists (select from pg_proc as p where p.oid = t.tgfoid and p.pronamespace = to_regnamespace('gatepost'))
    and n.nspname not in ('pg_catalog', 'information_schema', 'gatepost')
    and (%(schema)s::text is null or n.nspname = %(schema)s)
    and (%(names)s::text[] is null or c.relname = any(%(names)s))
