-- The tables with rows that some relations show, through whatever views: schema, name, rows, bytes.
with recursive shown as (
    select c.oid, c.relkind
    from jsonb_to_recordset(%(relations)s::jsonb) as r (schema text, name text)
    join pg_namespace as n on n.nspname = r.schema
    join pg_class as c on c.relnamespace = n.oid and c.relname = r.name
    union
    select u.oid, u.relkind
    from shown as s
    join pg_rewrite as w on s.relkind = 'v' and w.ev_class = s.oid
    join pg_depend as d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass
    join pg_class as u on u.oid = d.refobjid
)
select
    n.nspname as schema,
    c.relname as name,
    sum(greatest(m.reltuples, pg_stat_get_live_tuples(m.oid), 0))::bigint as rows,
    sum(pg_total_relation_size(m.oid))::bigint as bytes
from shown as s
join pg_class as c on c.oid = s.oid
join pg_namespace as n on n.oid = c.relnamespace
cross join lateral (
    select c.oid where c.relkind in ('r', 'm')
    union all
    select p.relid from pg_partition_tree(case when c.relkind = 'p' then c.oid end) as p where p.isleaf
) as t (oid)
join pg_class as m on m.oid = t.oid
group by n.nspname, c.relname
having bool_or(pg_relation_size(m.oid) > 0)
order by n.nspname, c.relname
