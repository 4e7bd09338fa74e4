-- The newest executions of an organization
-- as: authenticated
-- index: idx_workflow_execution_logs_organization
-- parameter: organization_id uuid = {organization}
-- parameter: page_size int = 50
select
    l.id,
    l.workflow,
    l.status,
    l.started_at,
    l.duration_ms
from public.workflow_execution_logs as l
where l.organization_id = %(organization_id)s
order by l.started_at desc
limit %(page_size)s;
