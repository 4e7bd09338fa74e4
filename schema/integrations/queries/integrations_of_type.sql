-- All integrations of one type, a page at a time: what a worker for that service walks through
-- as: service_role
-- index: idx_integrations_type
-- parameter: type text = whatsapp ~ public.integrations.type
-- parameter: after_organization uuid = 00000000-0000-0000-0000-000000000000
-- parameter: page_size int = 500
select
    i.id,
    i.organization_id,
    i.status
from public.integrations as i
where i.type = %(type)s and i.organization_id > %(after_organization)s
order by i.organization_id
limit %(page_size)s;
