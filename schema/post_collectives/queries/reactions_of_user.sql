-- What somebody reacted to last: for their own copy of their data
-- as: service_role
-- index: idx_reactions_user
-- parameter: user_id uuid = {member}
-- parameter: page_size int = 50
select
    r.post_id,
    r.kind,
    r.created_at
from public.reactions as r
where r.user_id = %(user_id)s
order by r.created_at desc
limit %(page_size)s;
