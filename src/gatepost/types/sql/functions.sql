-- Functions of the schemas that somebody can call by name: no triggers, no aggregates, no procedures.
select
    n.nspname as schema,
    p.proname as name,
    obj_description(p.oid, 'pg_proc') as comment,
    p.prorettype::bigint as returns,
    p.proretset as is_set,
    (p.pronargs - p.pronargdefaults)::int as required,
    coalesce(p.proargnames, '{}') as argument_names,
    coalesce(p.proargmodes::text[], array_fill('i'::text, array[p.pronargs::int])) as argument_modes,
    coalesce(p.proallargtypes, p.proargtypes::oid[])::bigint[] as argument_types
from pg_proc as p
inner join pg_namespace as n on p.pronamespace = n.oid
where
    n.nspname = any(%(schemas)s::text[])
    and p.prokind = 'f'
    and p.prorettype <> all(array['trigger', 'event_trigger', 'internal']::regtype[])
    and not exists (
        select from pg_depend as d
        where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
    )
order by n.nspname collate "C", p.proname collate "C", pg_get_function_identity_arguments(p.oid) collate "C";
