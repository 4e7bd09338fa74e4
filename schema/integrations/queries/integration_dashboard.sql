-- The dashboard of an organization
-- as: authenticated
-- parameter: organization_id uuid = {organization}
select
    d.integration_id,
    d.type_name,
    d.name,
    d.status,
    d.last_used_at,
    d.executions_7d,
    d.failure_rate_7d
from public.integration_dashboard as d
where d.organization_id = %(organization_id)s
order by d.name;
