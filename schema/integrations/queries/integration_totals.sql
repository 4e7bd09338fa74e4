-- What the health answer reports: integrations in error, and how the last hour's executions ended
-- as: service_role
-- grows: linear
select
    (
        select count(*)
        from public.integrations as i
        where i.status = 'error'
    ) as failing_integrations,
    count(*) filter (where l.finished_at is not null) as finished_executions,
    count(*) filter (where l.status = 'failed') as failed_executions
from public.workflow_execution_logs as l
where l.created_at > now() - interval '1 hour';
