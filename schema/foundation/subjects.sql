-- Somebody to try the queries with: an admin of an organization, and the address
-- as: service_role
select
    m.organization_id as organization,
    u.id as member, -- noqa: RF04
    u.email
from public.memberships as m
inner join public.users as u on m.user_id = u.id
order by m.role, m.organization_id
limit 1;
