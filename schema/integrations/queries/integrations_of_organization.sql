-- All integrations of an organization by name, a page at a time
-- as: authenticated
-- index: idx_integrations_organization_id
-- parameter: organization_id uuid = {organization}
-- parameter: after_name text =
-- parameter: page_size int = 50
select
    i.id,
    i.name,
    i.type,
    i.status,
    i.last_used_at
from public.integrations as i
where i.organization_id = %(organization_id)s and i.name > %(after_name)s
order by i.name
limit %(page_size)s;
