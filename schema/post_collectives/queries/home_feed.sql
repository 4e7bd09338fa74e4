-- The newest posts of all collectives of the user: the newest of each first, then the newest of those
-- as: authenticated
-- parameter: page_size int = 50
select
    p.id,
    p.author_id,
    p.title,
    s.shared_at
from app.newest_shared_posts(%(page_size)s) as s -- noqa: RF02
inner join public.posts as p on s.post_id = p.id
where p.status = 'published'
order by s.shared_at desc, p.id desc;
