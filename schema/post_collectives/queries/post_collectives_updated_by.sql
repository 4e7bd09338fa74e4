-- Shares of posts of others that somebody changed last: what an erasure looks for
-- as: service_role
-- index: idx_post_collectives_updated_by
-- parameter: user_id uuid = {member} ~ public.post_collectives.updated_by
select
    pc.post_id,
    pc.collective_id
from public.post_collectives as pc
where pc.updated_by = %(user_id)s and pc.updated_by is distinct from pc.author_id;
