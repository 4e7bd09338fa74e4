-- The organizations that the user belongs to
-- as: authenticated
-- index: idx_memberships_user
-- parameter: user_id uuid = {member}
select
    m.organization_id,
    m.role
from public.memberships as m
where m.user_id = %(user_id)s
order by m.organization_id;
