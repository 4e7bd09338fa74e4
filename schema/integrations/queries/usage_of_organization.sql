-- The daily usage of an organization's integrations, newest first: the chart
-- as: authenticated
-- index: idx_integration_usage_daily_day
-- parameter: organization_id uuid = {organization}
-- parameter: days int = 30
select
    u.day,
    u.integration_id,
    u.executions,
    u.failed
from public.integration_usage_daily as u
where u.organization_id = %(organization_id)s and u.day > current_date - %(days)s::int
order by u.day desc;
