-- The newest executions of one workflow of an organization
-- as: authenticated
-- index: idx_workflow_execution_logs_workflow
-- parameter: organization_id uuid = {organization}
-- parameter: workflow text = send_reminder ~ public.workflow_execution_logs.workflow
-- parameter: page_size int = 50
select
    l.id,
    l.integration_id,
    l.status,
    l.started_at,
    l.error
from public.workflow_execution_logs as l
-- A range of one value: with row security's own condition on the tenant the planner expects one row whatever
-- the index; in this order only the right one needs no sort.
where l.organization_id = %(organization_id)s and l.workflow between %(workflow)s and %(workflow)s
order by l.workflow asc, l.started_at desc
limit %(page_size)s;
