-- How the integrations of an organization fare, and why
-- as: authenticated
-- parameter: organization_id uuid = {organization}
select
    h.integration_id,
    h.name,
    h.health,
    h.reason
from app.integration_health(%(organization_id)s) as h
order by h.name;
