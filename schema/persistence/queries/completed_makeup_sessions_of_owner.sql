-- A user's or guest's completed make-up sessions that are not removed: the start of the list
-- as: authenticated
-- index: idx_completed_makeup_sessions_owner
-- parameter: owner text = {owner}
-- parameter: page_size int = 50
select
    c.id,
    c.student_id,
    c.missed_on,
    c.completed_on,
    c.version,
    c.updated_at
from public.completed_makeup_sessions as c
where c.owner = %(owner)s and not c.deleted
order by c.completed_on desc
limit %(page_size)s;
