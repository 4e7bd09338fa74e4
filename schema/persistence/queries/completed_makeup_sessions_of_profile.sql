-- A profile's completed make-up sessions, as clients of version 1 ask
-- as: authenticated
-- index: idx_completed_makeup_sessions_profile
-- parameter: profile_id text = {profile}
select
    c.id,
    c.student_id,
    c.missed_on,
    c.completed_on
from public.completed_makeup_sessions as c
where c.profile_id = %(profile_id)s;
