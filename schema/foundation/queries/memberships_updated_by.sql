-- Memberships in organizations of others that somebody changed last: what an erasure looks for
-- as: service_role
-- index: idx_memberships_updated_by
-- parameter: user_id uuid = {member} ~ public.memberships.updated_by
select
    m.organization_id,
    m.user_id
from public.memberships as m
where m.updated_by = %(user_id)s and m.updated_by is distinct from m.user_id;
