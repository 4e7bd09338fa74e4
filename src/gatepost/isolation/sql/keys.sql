-- Constraints and unique indexes of every table, with the columns that they speak of.
select
    n.nspname || '.' || c.relname as table_name,
    k.conname::text as name,
    k.contype::text as kind,
    pg_get_constraintdef(k.oid) as definition,
    array(
        select a.attname::text
        from unnest(k.conkey) with ordinality as u (attnum, at)
        inner join pg_attribute as a on a.attrelid = k.conrelid and a.attnum = u.attnum
        order by u.at
    ) as columns,
    fn.nspname || '.' || f.relname as referenced,
    array(
        select a.attname::text
        from unnest(k.confkey) with ordinality as u (attnum, at)
        inner join pg_attribute as a on a.attrelid = k.confrelid and a.attnum = u.attnum
        order by u.at
    ) as referenced_columns
from pg_constraint as k
inner join pg_class as c on c.oid = k.conrelid
inner join pg_namespace as n on n.oid = c.relnamespace
left join pg_class as f on f.oid = k.confrelid
left join pg_namespace as fn on fn.oid = f.relnamespace
where k.contype in ('p', 'u', 'c', 'f', 'x') and n.nspname not in ('pg_catalog', 'information_schema')
union all
select
    n.nspname || '.' || c.relname,
    i.relname::text,
    'i',
    pg_get_indexdef(x.indexrelid),
    array(
        select a.attname::text
        from unnest(x.indkey::int2[]) as u (attnum)
        inner join pg_attribute as a on a.attrelid = x.indrelid and a.attnum = u.attnum
    ),
    null,
    null
from pg_index as x
inner join pg_class as i on i.oid = x.indexrelid
inner join pg_class as c on c.oid = x.indrelid
inner join pg_namespace as n on n.oid = c.relnamespace
where
    x.indisunique
    and not exists (select from pg_constraint as k where k.conindid = x.indexrelid and k.contype in ('p', 'u', 'x'))
    and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
