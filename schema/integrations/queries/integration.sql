-- One integration of an organization, by the primary key
-- as: authenticated
-- parameter: organization_id uuid = {organization}
-- parameter: integration_id uuid = {integration}
select
    i.id,
    i.type,
    i.name,
    i.status,
    i.config,
    i.credentials_ref,
    i.last_used_at
from public.integrations as i
where i.organization_id = %(organization_id)s and i.id = %(integration_id)s;
