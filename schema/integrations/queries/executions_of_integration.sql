-- The newest executions through one integration
-- as: authenticated
-- index: idx_workflow_execution_logs_integration
-- parameter: organization_id uuid = {organization}
-- parameter: integration_id uuid = {integration}
-- parameter: page_size int = 50
select
    l.id,
    l.workflow,
    l.status,
    l.started_at,
    l.error
from public.workflow_execution_logs as l
-- A range of one value, as in executions_of_workflow.sql
where
    l.organization_id = %(organization_id)s
    and l.integration_id between %(integration_id)s and %(integration_id)s
order by l.integration_id asc, l.started_at desc
limit %(page_size)s;
