-- How many executions are due for removal: what the clean-up of the log will find
-- as: service_role
-- index: idx_workflow_execution_logs_created
-- grows: linear
-- target: 50 ms
-- parameter: older_than interval = 91 days
select count(*)
from public.workflow_execution_logs as l
-- From the beginning: without a lower bound a plan for any time expects a third of the table.
where l.created_at < now() - %(older_than)s::interval and l.created_at >= '-infinity';
