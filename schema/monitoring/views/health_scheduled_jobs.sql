create view monitoring.health_scheduled_jobs with (security_invoker = true) as
select
    'scheduled_jobs' as component,
    count(*)::numeric as measure,
    coalesce(
        string_agg(
            j.name || ': ' || coalesce(j.last_error, 'overdue since ' || j.next_run_at), ', ' order by j.name
        ),
        'every job runs in time'
    ) as detail
from app.scheduled_jobs as j
where
    j.enabled
    and (j.failures_in_a_row > 0 or j.next_run_at < now() - greatest(j.every, interval '10 minutes'));
