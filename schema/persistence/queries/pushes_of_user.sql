-- A user's newest pushes and how they fared: what support looks at
-- as: authenticated
-- index: idx_sync_pushes_user
-- parameter: user_id uuid = {member}
-- parameter: page_size int = 20
select
    p.id,
    p.device,
    p.pushed_at,
    p.applied,
    p.conflicts,
    p.refused,
    p.outcome,
    p.problem
from public.sync_pushes as p
where p.user_id = %(user_id)s
order by p.pushed_at desc
limit %(page_size)s;
