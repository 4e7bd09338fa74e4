-- What asks a function, directly or called by another one: policies and views, which it decides for, and what keeps its results.
-- Kind, name, table, and whether it asks by itself.
with recursive asked as (
    select p.oid, p.proname, true as named
    from pg_proc as p
    join pg_namespace as n on n.oid = p.pronamespace
    where n.nspname = %(schema)s and p.proname = %(name)s
    union
    select p.oid, p.proname, false
    from asked as a
    join pg_proc as p on p.prosrc ~ ('\m' || regexp_replace(a.proname, '\W', '\\\&', 'g') || '\M')
    join pg_namespace as n on n.oid = p.pronamespace
    where n.nspname not in ('pg_catalog', 'information_schema', 'gatepost')
)
select
    case
        when q.oid is not null then 'policy'
        when w.oid is not null then 'view'
        when f.oid is not null then 'column'
        when k.oid is not null then 'constraint'
        else 'index'
    end as kind,
    coalesce(q.polname, b.attname, k.conname, i.relname, c.relname)::text as name,
    n.nspname::text as schema,
    c.relname::text as relation,
    bool_or(a.named) as directly
from asked as a
join pg_depend as d on d.refclassid = 'pg_proc'::regclass and d.refobjid = a.oid
left join pg_policy as q on d.classid = 'pg_policy'::regclass and q.oid = d.objid
left join pg_rewrite as w on d.classid = 'pg_rewrite'::regclass and w.oid = d.objid
left join pg_attrdef as f on d.classid = 'pg_attrdef'::regclass and f.oid = d.objid
left join pg_attribute as b on b.attrelid = f.adrelid and b.attnum = f.adnum
left join pg_constraint as k on d.classid = 'pg_constraint'::regclass and k.oid = d.objid and k.contype = 'c'
left join pg_class as i on d.classid = 'pg_class'::regclass and i.oid = d.objid and i.relkind in ('i', 'I')
left join pg_index as x on x.indexrelid = i.oid
join pg_class as c on c.oid = coalesce(q.polrelid, w.ev_class, f.adrelid, k.conrelid, x.indrelid)
join pg_namespace as n on n.oid = c.relnamespace
where q.oid is not null
    or k.oid is not null
    or i.oid is not null
    or b.attgenerated = 's'
    or w.oid is not null and (c.relkind = 'm' or not coalesce(array_to_string(c.reloptions, ',') ~ 'security_invoker=(true|on|1|yes)', false))
group by 1, 2, 3, 4
order by 1, 3, 2
