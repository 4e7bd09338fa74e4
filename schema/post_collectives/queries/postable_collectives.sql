-- Where a user may post: what the selection of collectives shows
-- as: authenticated
-- index: idx_collective_members_user
-- parameter: user_id uuid = {member}
select
    c.collective_id,
    c.name,
    c.slug,
    c.visibility,
    c.member_role
from public.get_user_postable_collectives(%(user_id)s) as c;
