-- The newest public posts: what a visitor sees
-- as: anon
-- index: idx_posts_public
-- parameter: before timestamptz = infinity
-- parameter: page_size int = 50
select
    p.id,
    p.author_id,
    p.title,
    p.published_at
from public.posts as p
where p.status = 'published' and p.visibility = 'public' and p.published_at < %(before)s
order by p.published_at desc, p.id desc
limit %(page_size)s;
