-- Memberships in organizations of others that somebody made: what an erasure looks for
-- as: service_role
-- index: idx_memberships_created_by
-- parameter: user_id uuid = {member} ~ public.memberships.created_by
select
    m.organization_id,
    m.user_id
from public.memberships as m
where m.created_by = %(user_id)s and m.created_by is distinct from m.user_id;
