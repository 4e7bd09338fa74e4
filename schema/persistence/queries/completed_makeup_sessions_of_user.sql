-- A user's completed make-up sessions that are not removed: the start of the list
-- as: authenticated
-- index: idx_completed_makeup_sessions_user
-- parameter: user_id uuid = {member}
-- parameter: page_size int = 50
select
    c.id,
    c.student_id,
    c.missed_on,
    c.completed_on,
    c.version,
    c.updated_at
from public.completed_makeup_sessions as c
where c.user_id = %(user_id)s and not c.deleted
order by c.completed_on desc
limit %(page_size)s;
