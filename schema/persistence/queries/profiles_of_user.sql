-- What the user's browsers were called in version 1: every policy of that release looks here first
-- as: authenticated
-- index: idx_profiles_user
-- parameter: user_id uuid = {member}
select p.id
from public.profiles as p
where p.user_id = %(user_id)s
order by p.id;
