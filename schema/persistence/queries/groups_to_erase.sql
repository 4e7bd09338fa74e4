-- A user's rows in groups: what an erasure, and the end of an account, look for
-- as: service_role
-- index: idx_groups_user
-- parameter: user_id uuid = {member}
select g.id
from public.groups as g
where g.user_id = %(user_id)s;
