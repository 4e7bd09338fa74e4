-- Plain indexes of those tables: which columns are looked up by.
select
    i.indrelid::bigint as table_oid,
    array(
        select a.attname::text from unnest(i.indkey[0:i.indnkeyatts - 1]) as u (attnum)
        join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = u.attnum
    ) as columns,
    pg_get_expr(i.indpred, i.indrelid) as predicate
from pg_index as i
where i.indrelid = any(%(tables)s::oid[])
order by i.indrelid, i.indexrelid
