-- Every foreign key: the two tables, their columns in pairs with their types, and what of the other can be written
select
    array[cn.nspname, cc.relname] as child,
    array[pn.nspname, pc.relname] as parent,
    (
        select array_agg(a.attname order by k.ordinality)
        from unnest(f.conkey) with ordinality as k (attnum, ordinality)
        inner join pg_attribute as a on f.conrelid = a.attrelid and k.attnum = a.attnum
    ) as columns,
    (
        select array_agg(a.attname order by k.ordinality)
        from unnest(f.confkey) with ordinality as k (attnum, ordinality)
        inner join pg_attribute as a on f.confrelid = a.attrelid and k.attnum = a.attnum
    ) as of_columns,
    (
        select array_agg(format_type(a.atttypid, a.atttypmod) order by k.ordinality)
        from unnest(f.confkey) with ordinality as k (attnum, ordinality)
        inner join pg_attribute as a on f.confrelid = a.attrelid and k.attnum = a.attnum
    ) as of_types,
    (
        select array_agg(a.attname order by a.attnum)
        from pg_attribute as a
        where a.attrelid = f.confrelid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    ) as of_writable
from pg_constraint as f
inner join pg_class as cc on f.conrelid = cc.oid
inner join pg_namespace as cn on cc.relnamespace = cn.oid
inner join pg_class as pc on f.confrelid = pc.oid
inner join pg_namespace as pn on pc.relnamespace = pn.oid
where f.contype = 'f' and f.conparentid = 0
order by cc.relname, f.conname;
