-- Constraints: kind, columns, what a foreign key refers to, whether every row was checked.
select
    n.nspname as schema,
    c.relname as table,
    k.conname as name,
    k.contype::text as kind,
    array(
        select a.attname::text
        from unnest(k.conkey) with ordinality as u (number, position)
        join pg_attribute as a on a.attrelid = k.conrelid and a.attnum = u.number
        order by u.position
    ) as columns,
    rn.nspname || '.' || r.relname as referenced,
    array(
        select a.attname::text
        from unnest(k.confkey) with ordinality as u (number, position)
        join pg_attribute as a on a.attrelid = k.confrelid and a.attnum = u.number
        order by u.position
    ) as referenced_columns,
    k.confdeltype::text as on_delete,
    k.confupdtype::text as on_update,
    k.condeferrable as deferrable,
    k.condeferred as initially_deferred,
    k.convalidated as validated,
    coalesce(i.indisvalid, true) as index_valid,
    coalesce(i.indnullsnotdistinct, false) as nulls_not_distinct,
    obj_description(k.oid, 'pg_constraint') as comment
from pg_constraint as k
join pg_class as c on c.oid = k.conrelid
join pg_namespace as n on n.oid = c.relnamespace
left join pg_class as r on r.oid = k.confrelid
left join pg_namespace as rn on rn.oid = r.relnamespace
left join pg_index as i on i.indexrelid = k.conindid and k.contype in ('p', 'u', 'x')
where k.contype in ('p', 'u', 'c', 'f', 'x')
