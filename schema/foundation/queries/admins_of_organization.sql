-- The admins of an organization, whom a failing integration is reported to
-- as: service_role
-- index: idx_memberships_admins
-- parameter: organization_id uuid = {organization}
select m.user_id
from public.memberships as m
where m.organization_id = %(organization_id)s and m.role = 'admin'
order by m.user_id;
