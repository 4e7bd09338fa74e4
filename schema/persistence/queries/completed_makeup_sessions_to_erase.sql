-- A user's rows in completed_makeup_sessions: what an erasure, and the end of an account, look for
-- as: service_role
-- index: idx_completed_makeup_sessions_user
-- parameter: user_id uuid = {member}
select c.id
from public.completed_makeup_sessions as c
where c.user_id = %(user_id)s;
