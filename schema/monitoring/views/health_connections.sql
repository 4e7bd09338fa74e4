create view monitoring.health_connections with (security_invoker = true) as
select
    'connections' as component,
    round(sum(d.numbackends) / current_setting('max_connections')::numeric, 4) as measure,
    sum(d.numbackends) || ' of ' || current_setting('max_connections') || ' connections in use' as detail
from pg_catalog.pg_stat_database as d;
