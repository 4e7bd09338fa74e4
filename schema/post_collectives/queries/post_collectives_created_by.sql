-- Shares of posts of others that somebody made: what an erasure looks for
-- as: service_role
-- index: idx_post_collectives_created_by
-- parameter: user_id uuid = {member} ~ public.post_collectives.created_by
select
    pc.post_id,
    pc.collective_id
from public.post_collectives as pc
where pc.created_by = %(user_id)s and pc.created_by is distinct from pc.author_id;
