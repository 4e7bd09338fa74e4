-- Inactive integrations that nobody has used for long, longest first: what the clean-up removes
-- as: service_role
-- index: idx_integrations_status
-- parameter: older_than interval = 90 days
-- parameter: page_size int = 500
select
    i.id,
    i.organization_id
from public.integrations as i
where i.status = 'inactive' and coalesce(i.last_used_at, i.created_at) < now() - %(older_than)s::interval
order by coalesce(i.last_used_at, i.created_at)
limit %(page_size)s;
