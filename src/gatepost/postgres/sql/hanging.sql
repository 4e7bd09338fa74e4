-- Schema and name of an object and of all that hangs on it; of what belongs to a table, the table's.
with recursive hanging as (
    select 'pg_class'::regclass::oid as classid, c.oid as objid from pg_class as c
    where c.relnamespace = to_regnamespace(quote_ident(%(schema)s)) and c.relname = %(name)s
    union all
    select 'pg_type'::regclass, t.oid from pg_type as t
    where t.typnamespace = to_regnamespace(quote_ident(%(schema)s)) and t.typname = %(name)s
    union all
    select 'pg_proc'::regclass, p.oid from pg_proc as p
    where p.pronamespace = to_regnamespace(quote_ident(%(schema)s)) and p.proname = %(name)s
),
reached as (
    select h.classid, h.objid from hanging as h
    union
    select
        case when w.oid is null then d.classid else 'pg_class'::regclass::oid end,
        coalesce(w.ev_class, d.objid)
    from reached as r
    join pg_depend as d on d.refclassid = r.classid and d.refobjid = r.objid
    left join pg_rewrite as w on d.classid = 'pg_rewrite'::regclass and w.oid = d.objid
)
select distinct n.nspname::text, o.name::text
from reached as r
left join pg_constraint as k on r.classid = 'pg_constraint'::regclass and k.oid = r.objid
left join pg_policy as q on r.classid = 'pg_policy'::regclass and q.oid = r.objid
left join pg_trigger as t on r.classid = 'pg_trigger'::regclass and t.oid = r.objid
left join pg_index as i on r.classid = 'pg_class'::regclass and i.indexrelid = r.objid
left join pg_class as c
    on c.oid = coalesce(nullif(k.conrelid, 0), q.polrelid, t.tgrelid, i.indrelid, case when r.classid = 'pg_class'::regclass then r.objid end)
left join pg_proc as p on r.classid = 'pg_proc'::regclass and p.oid = r.objid
left join pg_type as y on y.oid = coalesce(nullif(k.contypid, 0), case when r.classid = 'pg_type'::regclass then r.objid end)
cross join lateral (
    values (c.relnamespace, c.relname), (p.pronamespace, p.proname), (y.typnamespace, y.typname)
) as o (namespace, name)
join pg_namespace as n on n.oid = o.namespace
order by 1, 2
