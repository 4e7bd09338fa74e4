-- A profile's attendance records, as clients of version 1 ask
-- as: authenticated
-- index: idx_attendance_records_profile
-- parameter: profile_id text = {profile}
select
    a.id,
    a.student_id,
    a.held_on,
    a.status,
    a.note
from public.attendance_records as a
where a.profile_id = %(profile_id)s;
