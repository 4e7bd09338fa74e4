-- Foreign keys of the schemas' tables; one to one where the columns are unique.
select
    n.nspname as schema,
    c.relname as name,
    k.conname as foreign_key,
    array(
        select a.attname::text
        from unnest(k.conkey) with ordinality as u (number, place)
        inner join pg_attribute as a on a.attrelid = k.conrelid and a.attnum = u.number
        order by u.place
    ) as columns,
    exists (
        select from pg_index as i
        where
            i.indrelid = k.conrelid and i.indisunique and i.indpred is null
            and i.indkey::smallint[] <@ k.conkey and i.indnkeyatts = i.indnatts
    ) as is_one_to_one,
    rn.nspname as referenced_schema,
    r.relname as referenced_name,
    array(
        select a.attname::text
        from unnest(k.confkey) with ordinality as u (number, place)
        inner join pg_attribute as a on a.attrelid = k.confrelid and a.attnum = u.number
        order by u.place
    ) as referenced_columns
from pg_constraint as k
inner join pg_class as c on k.conrelid = c.oid
inner join pg_namespace as n on c.relnamespace = n.oid
inner join pg_class as r on k.confrelid = r.oid
inner join pg_namespace as rn on r.relnamespace = rn.oid
where k.contype = 'f' and k.conparentid = 0 and n.nspname = any(%(schemas)s::text[])
order by n.nspname collate "C", c.relname collate "C", k.conname collate "C";
