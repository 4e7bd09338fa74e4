-- Memberships in collectives of others that somebody made: what an erasure looks for
-- as: service_role
-- index: idx_collective_members_created_by
-- parameter: user_id uuid = {member} ~ public.collective_members.created_by
select
    m.collective_id,
    m.user_id
from public.collective_members as m
where m.created_by = %(user_id)s and m.created_by is distinct from m.user_id;
