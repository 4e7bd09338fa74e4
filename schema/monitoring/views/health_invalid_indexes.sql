create view monitoring.health_invalid_indexes with (security_invoker = true) as
select
    'invalid_indexes' as component,
    count(*)::numeric as measure,
    coalesce(
        string_agg(i.indexrelid::regclass::text, ', ' order by i.indexrelid), 'every index is valid'
    ) as detail
from pg_catalog.pg_index as i
where not i.indisvalid;
