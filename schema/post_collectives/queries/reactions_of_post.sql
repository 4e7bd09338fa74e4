-- How many reactions of each kind a post has
-- as: authenticated
-- grows: linear
-- parameter: post_id uuid = {post}
select
    r.kind,
    count(*) as reactions
from public.reactions as r
where r.post_id = %(post_id)s
group by r.kind
order by r.kind;
