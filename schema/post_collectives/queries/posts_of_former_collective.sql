-- The posts of a collective as a client of the former schema asks for them
-- as: authenticated
-- index: idx_posts_former_collective
-- parameter: collective_id uuid = {collective} ~ public.posts.collective_id
-- parameter: page_size int = 50
select
    p.id,
    p.author_id,
    p.collective_id,
    p.title,
    p.body,
    p.status
from public.posts as p
where p.collective_id = %(collective_id)s
order by p.created_at desc
limit %(page_size)s;
