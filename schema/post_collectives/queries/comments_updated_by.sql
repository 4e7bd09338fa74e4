-- Comments of others that somebody changed last: what an erasure looks for
-- as: service_role
-- index: idx_comments_updated_by
-- parameter: user_id uuid = {member} ~ public.comments.updated_by
select c.id
from public.comments as c
where c.updated_by = %(user_id)s and c.updated_by is distinct from c.author_id;
