-- All integrations of an organization by name, a page at a time
-- as: authenticated
-- index: idx_integrations_organization_id
-- parameter: organization_id uuid = {organization}
-- parameter: after_name text =
-- parameter: after_id uuid = 00000000-0000-0000-0000-000000000000
-- parameter: page_size int = 50
with page as (
    -- By its keys alone, which one index holds: with row security's own condition on the tenant the planner
    -- expects one row whatever the index, and would sort what it finds by another.
    select i.id
    from public.integrations as i
    where i.organization_id = %(organization_id)s and (i.name, i.id) > (%(after_name)s, %(after_id)s::uuid)
    order by i.name, i.id
    limit %(page_size)s
)

select
    i.id,
    i.type,
    i.name,
    i.status,
    i.config,
    i.credentials_ref,
    i.last_used_at
from page as p
inner join public.integrations as i on p.id = i.id
order by i.name, i.id;
