-- A profile's students, as clients of version 1 ask
-- as: authenticated
-- index: idx_students_profile
-- parameter: profile_id text = {profile}
select
    s.id,
    s.name,
    s.group_id
from public.students as s
where s.profile_id = %(profile_id)s;
