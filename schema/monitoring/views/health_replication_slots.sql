create view monitoring.health_replication_slots with (security_invoker = true) as
select
    'replication_slots' as component,
    coalesce(
        round(max(
            pg_wal_lsn_diff(
                case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end,
                s.restart_lsn
            )
        ) / 1024 / 1024, 1),
        0
    ) as measure,
    coalesce(string_agg(s.slot_name, ', ' order by s.slot_name), 'no slot is without a reader') as detail
from pg_catalog.pg_replication_slots as s
where not s.active;
