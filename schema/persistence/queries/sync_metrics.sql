-- How pushes and migrations fared lately, and what still waits on the devices
-- as: service_role
-- index: idx_sync_pushes_pushed
-- target: 50 ms
-- grows: linear
-- parameter: period interval = 1 hour
select
    m.pushes,
    m.failed_pushes,
    m.push_success_rate,
    m.changes,
    m.conflict_rate,
    m.refused,
    m.devices,
    m.outbox_total,
    m.outbox_largest,
    m.migrations,
    m.failed_migrations,
    m.migration_success_rate
from app.sync_metrics(%(period)s::interval) as m;
