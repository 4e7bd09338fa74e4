-- Foreign keys between those tables, those with most columns first.
select
    k.conrelid::bigint as table_oid,
    k.confrelid::bigint as parent_oid,
    array(
        select a.attname::text from unnest(k.conkey) with ordinality as u (attnum, place)
        join pg_attribute as a on a.attrelid = k.conrelid and a.attnum = u.attnum
        order by u.place
    ) as columns,
    array(
        select a.attname::text from unnest(k.confkey) with ordinality as u (attnum, place)
        join pg_attribute as a on a.attrelid = k.confrelid and a.attnum = u.attnum
        order by u.place
    ) as parent_columns
from pg_constraint as k
where
    k.contype = 'f' and k.conparentid = 0
    and k.conrelid = any(%(tables)s::oid[]) and k.confrelid = any(%(tables)s::oid[])
order by k.conrelid, cardinality(k.conkey) desc, k.conname
