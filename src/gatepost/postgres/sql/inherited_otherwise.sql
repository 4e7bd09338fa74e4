-- Which of a table's columns it, or what inherits from it, inherits from another table too.
with recursive tree as (
    select to_regclass(format('%%I.%%I', %(schema)s::text, %(table)s::text))::oid as oid
    union
    select i.inhrelid from tree as t join pg_inherits as i on i.inhparent = t.oid
)
select format('%%I.%%I.%%I', n.nspname, c.relname, a.attname) as name
from tree as t
join pg_class as c on c.oid = t.oid
join pg_namespace as n on n.oid = c.relnamespace
join pg_attribute as a on a.attrelid = t.oid and a.attname = any(%(columns)s::name []) and not a.attisdropped
where a.attinhcount > (
    select count(*)
    from pg_inherits as i
    where i.inhrelid = t.oid and i.inhparent in (select oid from tree)
)
order by 1
