-- Comments of others that somebody made: what an erasure looks for
-- as: service_role
-- index: idx_comments_created_by
-- parameter: user_id uuid = {member} ~ public.comments.created_by
select c.id
from public.comments as c
where c.created_by = %(user_id)s and c.created_by is distinct from c.author_id;
