-- A user's attendance records that are not removed: the start of the list
-- as: authenticated
-- index: idx_attendance_records_user
-- parameter: user_id uuid = {member}
-- parameter: page_size int = 50
select
    a.id,
    a.student_id,
    a.held_on,
    a.status,
    a.note,
    a.version,
    a.updated_at
from public.attendance_records as a
where a.user_id = %(user_id)s and not a.deleted
order by a.held_on desc
limit %(page_size)s;
