-- A user's rows in archived_terms: what an erasure, and the end of an account, look for
-- as: service_role
-- index: idx_archived_terms_user
-- parameter: user_id uuid = {member}
select a.id
from public.archived_terms as a
where a.user_id = %(user_id)s;
