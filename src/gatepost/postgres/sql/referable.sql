-- The columns of each key of a table that a foreign key can refer to; no row where there is no such table.
select (
    select coalesce(jsonb_agg((
        select jsonb_agg(a.attname order by k.n)
        from unnest(i.indkey::smallint []) with ordinality as k (attnum, n)
        join pg_attribute as a on a.attrelid = c.oid and a.attnum = k.attnum
        where k.n <= i.indnkeyatts
    )), '[]')
    from pg_index as i
    where i.indrelid = c.oid and i.indisunique and i.indimmediate and i.indisvalid and i.indpred is null and i.indexprs is null
) as keys
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
where n.nspname = %(schema)s and c.relname = %(table)s and c.relkind in ('r', 'p')
