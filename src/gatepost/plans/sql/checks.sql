-- What rows must satisfy: checks of the tables, and of the domains of their columns.
select
    k.conrelid::bigint as table_oid,
    k.conname as name,
    pg_get_expr(k.conbin, k.conrelid) as expression,
    array(
        select a.attname::text from unnest(k.conkey) as u (attnum)
        join pg_attribute as a on a.attrelid = k.conrelid and a.attnum = u.attnum
    ) as columns
from pg_constraint as k
where k.contype = 'c' and k.conrelid = any(%(tables)s::oid[])
union all
select
    a.attrelid::bigint,
    k.conname,
    regexp_replace(pg_get_expr(k.conbin, 0), '\mVALUE\M', quote_ident(a.attname), 'g'),
    array[a.attname::text]
from pg_attribute as a
join pg_constraint as k on k.contypid = a.atttypid
where a.attrelid = any(%(tables)s::oid[]) and a.attnum > 0 and k.contype = 'c'
order by 1, 2
