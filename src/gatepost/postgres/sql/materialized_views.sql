-- Materialized views with their options and privileges; when they were filled is no part of what they are.
select
    n.nspname as schema,
    c.relname as name,
    jsonb_build_object(
        'definition', pg_get_viewdef(c.oid),
        'options', coalesce(to_jsonb(c.reloptions), '[]'),
        'method', (select m.amname from pg_am as m where m.oid = c.relam),
        'tablespace', (select s.spcname from pg_tablespace as s where s.oid = c.reltablespace),
        'privileges',
        -- part: privileges
        ,
        -- part: of_view
    ) as definition
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
where c.relkind = 'm'
    and n.nspname not in ('pg_catalog', 'information_schema', 'gatepost')
    and (%(schema)s::text is null or n.nspname = %(schema)s)
    and (%(names)s::text[] is null or c.relname = any(%(names)s))
    and not exists (select from pg_depend as e where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e')
