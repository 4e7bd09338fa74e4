-- Somebody to try the features' queries with: an active integration, its organization, and an admin of it
-- as: service_role
select
    i.organization_id as organization,
    i.id as integration, -- noqa: RF04
    u.id as member,
    u.email
from public.integrations as i
inner join public.memberships as m on i.organization_id = m.organization_id
inner join public.users as u on m.user_id = u.id
order by i.status, m.role, i.organization_id
limit 1;
