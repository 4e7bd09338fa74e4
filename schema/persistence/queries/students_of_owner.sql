-- A user's or guest's students that are not removed: the start of the list
-- as: authenticated
-- index: idx_students_owner
-- parameter: owner text = {owner}
-- parameter: page_size int = 50
select
    s.id,
    s.name,
    s.group_id,
    s.version,
    s.updated_at
from public.students as s
where s.owner = %(owner)s and not s.deleted
order by s.name
limit %(page_size)s;
