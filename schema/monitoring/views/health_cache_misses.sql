create view monitoring.health_cache_misses with (security_invoker = true) as
select
    'cache_misses' as component,
    case
        when d.blks_hit + d.blks_read >= 1000
            then round(d.blks_read::numeric / (d.blks_hit + d.blks_read), 4)
    end as measure,
    d.blks_read || ' of ' || d.blks_hit + d.blks_read || ' blocks were not in the buffer cache' as detail
from pg_catalog.pg_stat_database as d
where d.datname = current_database();
