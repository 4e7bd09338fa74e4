-- The newest posts of a collective for support, and what app.newest_shared_posts does within
-- as: service_role
-- index: idx_post_collectives_collective
-- parameter: collective_id uuid = {collective}
-- parameter: before timestamptz = infinity
-- parameter: page_size int = 50
select
    p.id,
    p.author_id,
    p.title,
    p.published_at,
    pc.created_at as shared_at
from public.post_collectives as pc
inner join public.posts as p on pc.post_id = p.id
where
    pc.collective_id = %(collective_id)s -- noqa: RF02
    and pc.status = 'published'
    and pc.created_at < %(before)s -- noqa: RF02
    and p.status = 'published'
order by pc.created_at desc, pc.post_id desc
limit %(page_size)s;
