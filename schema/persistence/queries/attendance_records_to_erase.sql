-- A user's rows in attendance_records: what an erasure, and the end of an account, look for
-- as: service_role
-- index: idx_attendance_records_user
-- parameter: user_id uuid = {member}
select a.id
from public.attendance_records as a
where a.user_id = %(user_id)s;
