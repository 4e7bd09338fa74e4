-- A user's rows in students: what an erasure, and the end of an account, look for
-- as: service_role
-- index: idx_students_user
-- parameter: user_id uuid = {member}
select s.id
from public.students as s
where s.user_id = %(user_id)s;
