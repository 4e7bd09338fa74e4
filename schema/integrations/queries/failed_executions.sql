-- The newest failed executions of an organization
-- as: authenticated
-- index: idx_workflow_execution_logs_failed
-- parameter: organization_id uuid = {organization}
-- parameter: page_size int = 50
select
    l.id,
    l.integration_id,
    l.workflow,
    l.started_at,
    l.error
from public.workflow_execution_logs as l
where l.organization_id = %(organization_id)s and l.status = 'failed'
order by l.started_at desc
limit %(page_size)s;
