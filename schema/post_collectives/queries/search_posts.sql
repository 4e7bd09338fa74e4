-- The newest posts that match and that the user may read
-- as: authenticated
-- grows: linear
-- parameter: words text = experiment
-- parameter: collective_id uuid = {collective}
-- parameter: before timestamptz = infinity
-- parameter: page_size int = 20
select
    p.id,
    p.author_id,
    p.title,
    p.published_at
from app.search_posts(%(words)s, %(collective_id)s, %(before)s, %(page_size)s) as s -- noqa: RF02
inner join public.posts as p on s.post_id = p.id
order by s.published_at desc, p.id desc;
