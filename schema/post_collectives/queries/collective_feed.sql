-- The newest posts of a collective of the user's, a page at a time
-- as: authenticated
-- parameter: collective_id uuid = {collective}
-- parameter: before timestamptz = infinity
-- parameter: page_size int = 50
select
    p.id,
    p.author_id,
    p.title,
    p.published_at,
    s.shared_at
from app.newest_shared_posts(%(page_size)s, %(collective_id)s, %(before)s) as s -- noqa: RF02
inner join public.posts as p on s.post_id = p.id
order by s.shared_at desc, p.id desc;
