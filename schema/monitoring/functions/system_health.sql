create function monitoring.system_health()
returns table (component text, status text, measure numeric, unit text, detail text)
language sql stable
as $$
    select
        t.component,
        case
            when m.measure is null then 'unknown'
            when m.measure >= t.critical then 'critical'
            when m.measure >= t.warning then 'warning'
            else 'ok'
        end,
        m.measure,
        t.unit,
        coalesce(m.detail, 'not measured')
    from monitoring.health_thresholds as t
    left join (
        select * from monitoring.health_connections
        union all
        select * from monitoring.health_oldest_transaction
        union all
        select * from monitoring.health_blocked_sessions
        union all
        select * from monitoring.health_cache_misses
        union all
        select * from monitoring.health_invalid_indexes
        union all
        select * from monitoring.health_wraparound
        union all
        select * from monitoring.health_dead_tuples
        union all
        select * from monitoring.health_replication_slots
        union all
        select * from monitoring.health_scheduled_jobs
    ) as m on t.component = m.component
    order by t.component
$$;
