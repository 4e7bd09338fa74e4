-- The last deployments and rollbacks
-- as: service_role
-- parameter: page_size int = 50
select
    l.id,
    l.timestamp,
    l.deployment_id,
    l.action,
    l.details,
    l.data,
    l.database_role
from public.deployment_log as l
order by l.id desc
limit %(page_size)s;
