-- A user's or guest's attendance records that are not removed: the start of the list
-- as: authenticated
-- index: idx_attendance_records_owner
-- parameter: owner text = {owner}
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
where a.owner = %(owner)s and not a.deleted
order by a.held_on desc
limit %(page_size)s;
