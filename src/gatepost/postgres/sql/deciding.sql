-- The policies and views that a function decides for, directly or called by another one: their kind, name, and table.
with recursive asked as (
    select p.oid, p.proname
    from pg_proc as p
    join pg_namespace as n on n.oid = p.pronamespace
    where n.nspname = %(schema)s and p.proname = %(name)s
    union
    select p.oid, p.proname
    from asked as a
    join pg_proc as p on p.prosrc ~ ('\m' || regexp_replace(a.proname, '\W', '\\\&', 'g') || '\M')
    join pg_namespace as n on n.oid = p.pronamespace
    where n.nspname not in ('pg_catalog', 'information_schema', 'gatepost')
)
select distinct
    case when q.oid is not null then 'policy' else 'view' end as kind,
    coalesce(q.polname, c.relname)::text as name,
    n.nspname::text as schema,
    c.relname::text as relation
from asked as a
join pg_depend as d on d.refclassid = 'pg_proc'::regclass and d.refobjid = a.oid
left join pg_policy as q on d.classid = 'pg_policy'::regclass and q.oid = d.objid
left join pg_rewrite as w on d.classid = 'pg_rewrite'::regclass and w.oid = d.objid
join pg_class as c on c.oid = coalesce(q.polrelid, w.ev_class)
join pg_namespace as n on n.oid = c.relnamespace
where q.oid is not null
    or not coalesce(array_to_string(c.reloptions, ',') ~ 'security_invoker=(true|on|1|yes)', false)
order by 1, 3, 2
