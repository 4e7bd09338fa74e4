create view monitoring.health_blocked_sessions with (security_invoker = true) as
select
    'blocked_sessions' as component,
    coalesce(round(extract(epoch from max(clock_timestamp() - l.waitstart)), 1), 0) as measure,
    count(distinct l.pid) || ' sessions wait for a lock' as detail
from pg_catalog.pg_locks as l
where not l.granted;
