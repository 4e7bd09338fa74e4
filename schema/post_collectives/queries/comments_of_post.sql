-- The comments on a post, oldest first, a page at a time
-- as: authenticated
-- index: idx_comments_post
-- parameter: post_id uuid = {post}
-- parameter: after timestamptz = -infinity
-- parameter: page_size int = 50
select
    c.id,
    c.author_id,
    c.body,
    c.created_at
from public.comments as c
where c.post_id = %(post_id)s and c.created_at > %(after)s
order by c.created_at, c.id
limit %(page_size)s;
