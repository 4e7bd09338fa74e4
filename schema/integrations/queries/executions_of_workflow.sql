-- The newest executions of one workflow of an organization
-- as: authenticated
-- index: idx_workflow_execution_logs_workflow
-- parameter: organization_id uuid = {organization}
-- parameter: workflow text = send_reminder
-- parameter: page_size int = 50
select
    l.id,
    l.integration_id,
    l.status,
    l.started_at,
    l.error
from public.workflow_execution_logs as l
where l.organization_id = %(organization_id)s and l.workflow = %(workflow)s
order by l.started_at desc
limit %(page_size)s;
