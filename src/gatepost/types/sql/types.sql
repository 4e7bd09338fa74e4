-- Every type that a column or an argument can have, with what it is made of.
select
    t.oid::bigint as id,
    n.nspname as schema,
    t.typname as name,
    t.typtype::text as kind,
    case when t.typcategory = 'A' then t.typelem::bigint end as element,
    nullif(t.typbasetype, 0)::bigint as base,
    nullif(t.typrelid, 0)::bigint is not null and c.relkind <> 'c' as is_relation,
    coalesce(r.rngsubtype, m.rngsubtype)::bigint as bounds,
    array(
        select e.enumlabel::text from pg_enum as e
        where e.enumtypid = t.oid order by e.enumsortorder
    ) as labels,
    coalesce(
        (
            select json_agg(json_build_object('name', a.attname, 'type', a.atttypid::bigint) order by a.attnum)
            from pg_attribute as a
            where a.attrelid = t.typrelid and c.relkind = 'c' and a.attnum > 0 and not a.attisdropped
        ),
        '[]'
    ) as attributes
from pg_type as t
inner join pg_namespace as n on t.typnamespace = n.oid
left join pg_class as c on t.typrelid = c.oid
left join pg_range as r on t.oid = r.rngtypid
left join pg_range as m on t.oid = m.rngmultitypid
order by n.nspname collate "C", t.typname collate "C";
