-- Indexes that no constraint owns, valid or not.
select
    n.nspname as schema,
    c.relname as name,
    ic.relname as object,
    jsonb_build_object(
        'definition', pg_get_indexdef(i.indexrelid),
        'valid', i.indisvalid and i.indisready,
        'comment', obj_description(i.indexrelid, 'pg_class')
    ) as definition
from pg_index as i
join pg_class as ic on ic.oid = i.indexrelid
join pg_class as c on c.oid = i.indrelid
join pg_namespace as n on n.oid = c.relnamespace
where not exists (select from pg_constraint as k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
    and not ic.relispartition
    and c.relkind in ('r', 'p', 'm')
    and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'gatepost')
    and (%(schema)s::text is null or n.nspname = %(schema)s)
    and (%(names)s::text[] is null or c.relname = any(%(names)s))
