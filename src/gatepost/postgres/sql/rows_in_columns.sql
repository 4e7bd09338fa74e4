-- The columns whose values are rows of a table, or of what inherits from it, or have such rows in them.
with recursive tree as (
    select to_regclass(format('%%I.%%I', %(schema)s::text, %(table)s::text))::oid as oid
    union
    select i.inhrelid from tree as t join pg_inherits as i on i.inhparent = t.oid
),
types as (
    select c.reltype as oid from tree as t join pg_class as c on c.oid = t.oid
    union
    -- Arrays, domains, ranges and composite types of it, and the row types of what has a column of it.
    select coalesce(c.reltype, d.objid)
    from types as t
    join pg_depend as d on d.refclassid = 'pg_type'::regclass and d.refobjid = t.oid
    left join pg_class as c on d.classid = 'pg_class'::regclass and d.objsubid > 0 and c.oid = d.objid
    where d.classid = 'pg_type'::regclass or c.oid is not null
)
select format('%%I.%%I.%%I', n.nspname, c.relname, a.attname) as name
from types as t
join pg_attribute as a on a.atttypid = t.oid and a.attnum > 0 and not a.attisdropped
join pg_class as c on c.oid = a.attrelid and c.relkind in ('r', 'p', 'm')
join pg_namespace as n on n.oid = c.relnamespace
order by 1
