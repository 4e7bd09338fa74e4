-- Executions of all organizations that should have finished by now: stuck or lost
-- as: service_role
-- index: idx_workflow_execution_logs_unfinished
-- parameter: older_than interval = 1 hour
-- parameter: page_size int = 100
select
    l.id,
    l.organization_id,
    l.workflow,
    l.started_at
from public.workflow_execution_logs as l
where l.finished_at is null and l.started_at < now() - %(older_than)s::interval
order by l.started_at
limit %(page_size)s;
