-- Indexes: method, key columns with their order, what else they hold, whether they can be used.
select
    n.nspname as schema,
    c.relname as table,
    ic.relname as name,
    am.amname as method,
    i.indisunique as unique,
    i.indisvalid and i.indisready and i.indislive as valid,
    i.indpred is not null as partial,
    i.indnullsnotdistinct as nulls_not_distinct,
    array(
        select coalesce(a.attname::text, '')
        from generate_series(0, i.indnatts - 1) as position
        left join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = i.indkey[position]
            and a.attnum > 0
        order by position
    ) as columns,
    i.indnkeyatts::int as keys,
    array(select option & 3 from unnest(i.indoption::int[]) as option) as options,
    array(
        select o.opcname::text
        from unnest(i.indclass::oid[]) with ordinality as u (class, position)
        join pg_opclass as o on o.oid = u.class
        order by u.position
    ) as classes,
    obj_description(i.indexrelid, 'pg_class') as comment
from pg_index as i
join pg_class as ic on ic.oid = i.indexrelid
join pg_am as am on am.oid = ic.relam
join pg_class as c on c.oid = i.indrelid
join pg_namespace as n on n.oid = c.relnamespace
where n.nspname not in ('pg_catalog', 'pg_toast')
