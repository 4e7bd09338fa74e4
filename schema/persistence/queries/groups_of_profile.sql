-- A profile's groups, as clients of version 1 ask
-- as: authenticated
-- index: idx_groups_profile
-- parameter: profile_id text = {profile}
select
    g.id,
    g.name
from public.groups as g
where g.profile_id = %(profile_id)s;
