-- An author's posts, newest first
-- as: authenticated
-- index: idx_posts_author
-- parameter: author_id uuid = {member}
-- parameter: before timestamptz = infinity
-- parameter: page_size int = 50
select
    p.id,
    p.title,
    p.status,
    p.visibility,
    p.created_at,
    p.published_at
from public.posts as p
where p.author_id = %(author_id)s and p.created_at < %(before)s
order by p.created_at desc
limit %(page_size)s;
