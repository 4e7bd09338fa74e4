create view monitoring.health_oldest_transaction with (security_invoker = true) as
select
    'oldest_transaction' as component,
    -- Without pg_read_all_stats the sessions of others show no times: that is unknown, not healthy.
    case
        when pg_has_role('pg_read_all_stats', 'usage')
            then coalesce(round(extract(epoch from max(clock_timestamp() - a.xact_start)), 1), 0)
    end as measure,
    coalesce(
        'process ' || (array_agg(a.pid order by a.xact_start))[1] || ' holds the oldest open transaction',
        'no other transaction is open'
    ) as detail
from pg_catalog.pg_stat_activity as a
where a.datname = current_database() and a.pid <> pg_backend_pid() and a.xact_start is not null;
