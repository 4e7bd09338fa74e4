-- What makes rows different: unique indexes, those of constraints too.
select
    i.indrelid::bigint as table_oid,
    array(
        select pg_get_indexdef(i.indexrelid, place, true)
        from generate_series(1, i.indnkeyatts) as place
    ) as keys,
    array(
        select a.attname::text from unnest(i.indkey[0:i.indnkeyatts - 1]) as u (attnum)
        join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = u.attnum
    ) as columns,
    pg_get_expr(i.indpred, i.indrelid) as predicate
from pg_index as i
where i.indisunique and i.indrelid = any(%(tables)s::oid[])
order by i.indrelid, i.indexrelid
