-- What has a name in a schema, of the kinds whose names exclude each other; all of them where none is given.
select
    case
        when c.relkind = 'v' then 'views'
        when c.relkind = 'm' then 'materialized_views'
        when c.relkind = 'S' then 'sequences'
        when c.relkind in ('i', 'I') then 'indexes'
        when c.relkind = 'c' then 'types'
        else 'tables'
    end as kind,
    coalesce(t.relname, c.relname)::text as name,
    (case when t.relname is null then '' else c.relname end)::text as own_name
from pg_class as c
inner join pg_namespace as n on c.relnamespace = n.oid
left join pg_index as i on c.oid = i.indexrelid
left join pg_class as t on i.indrelid = t.oid
where n.nspname = %(schema)s and (%(name)s::text is null or c.relname = %(name)s)
union all
select
    'types' as kind,
    y.typname::text as name,
    '' as own_name
from pg_type as y
inner join pg_namespace as n on y.typnamespace = n.oid
where
    n.nspname = %(schema)s and (%(name)s::text is null or y.typname = %(name)s)
    and y.typrelid = 0 and y.typcategory <> 'A'
