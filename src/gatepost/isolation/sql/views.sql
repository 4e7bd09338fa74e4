-- Views over tables, each with its definition; views of views too.
with recursive reads as (
    select
        r.ev_class as view,
        d.refobjid as relation
    from pg_rewrite as r
    inner join pg_depend as d
        on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
    where d.refobjid <> r.ev_class
),

reached as (
    select
        view,
        relation
    from reads
    union
    select
        a.view,
        b.relation
    from reached as a
    inner join reads as b on b.view = a.relation
)

select
    n.nspname || '.' || c.relname as name,
    pg_get_viewdef(c.oid) as definition,
    array(
        select tn.nspname || '.' || t.relname
        from reached as x
        inner join pg_class as t on t.oid = x.relation and t.relkind in ('r', 'p')
        inner join pg_namespace as tn on tn.oid = t.relnamespace
        where x.view = c.oid
    ) as tables
from pg_class as c
inner join pg_namespace as n on n.oid = c.relnamespace
where c.relkind = 'v' and n.nspname not in ('pg_catalog', 'information_schema', 'gatepost_isolation')
order by 1
