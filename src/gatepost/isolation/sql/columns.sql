-- The columns of every table, with what a value of theirs must be.
select
    n.nspname || '.' || c.relname as table_name,
    a.attname as name,
    format_type(coalesce(nullif(t.typbasetype, 0), t.oid), coalesce(nullif(t.typtypmod, -1), a.atttypmod)) as type,
    coalesce(b.typcategory, t.typcategory)::text as category,
    coalesce(b.typname, t.typname)::text as short_type,
    format_type(nullif(coalesce(b.typelem, t.typelem), 0), null) as element,
    a.attnotnull or t.typnotnull as required,
    a.attidentity::text as identity,
    a.attgenerated::text as generated,
    pg_get_expr(d.adbin, d.adrelid) as default_value,
    array(
        select e.enumlabel::text from pg_enum as e where e.enumtypid in (t.oid, t.typbasetype) order by e.enumsortorder
    ) as labels,
    array(
        select pg_get_constraintdef(k.oid) from pg_constraint as k where k.contypid = t.oid order by k.conname
    ) as domain_checks
from pg_attribute as a
inner join pg_class as c on c.oid = a.attrelid
inner join pg_namespace as n on n.oid = c.relnamespace
inner join pg_type as t on t.oid = a.atttypid
left join pg_type as b on b.oid = nullif(t.typbasetype, 0)
left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
where
    a.attnum > 0
    and not a.attisdropped
    and c.relkind in ('r', 'p')
    and n.nspname not in ('pg_catalog', 'information_schema')
order by 1, a.attnum
