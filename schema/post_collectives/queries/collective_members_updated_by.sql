-- Memberships in collectives of others that somebody changed last: what an erasure looks for
-- as: service_role
-- index: idx_collective_members_updated_by
-- parameter: user_id uuid = {member} ~ public.collective_members.updated_by
select
    m.collective_id,
    m.user_id
from public.collective_members as m
where m.updated_by = %(user_id)s and m.updated_by is distinct from m.user_id;
