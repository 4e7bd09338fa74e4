-- The active integrations of an organization: what the dispatcher may send through
-- as: authenticated
-- index: idx_active_integrations
-- parameter: organization_id uuid = {organization}
select
    i.id,
    i.type,
    i.name,
    i.config,
    i.credentials_ref
from public.integrations as i
where i.organization_id = %(organization_id)s and i.status = 'active'
order by i.type;
