-- Somebody to try the queries with: an active integration, its organization, and an admin of it
-- as: service_role
select
    i.organization_id as organization,
    i.id as integration, -- noqa: RF04
    m.user_id as member -- noqa: RF04
from public.integrations as i
inner join public.memberships as m on i.organization_id = m.organization_id
order by i.status, m.role, i.organization_id
limit 1;
