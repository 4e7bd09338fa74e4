-- Integrations in error of all organizations, longest first: what support and retries look at
-- as: service_role
-- index: idx_failing_integrations
-- parameter: page_size int = 100
select
    i.id,
    i.organization_id,
    i.type,
    i.updated_at
from public.integrations as i
where i.status = 'error'
order by i.updated_at
limit %(page_size)s;
