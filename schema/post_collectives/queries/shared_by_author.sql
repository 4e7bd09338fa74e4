-- What an author shared last, and what became of it
-- as: authenticated
-- index: idx_post_collectives_author
-- parameter: author_id uuid = {member}
-- parameter: page_size int = 50
select
    pc.post_id,
    pc.collective_id,
    pc.status,
    pc.created_at
from public.post_collectives as pc
where pc.author_id = %(author_id)s
order by pc.created_at desc
limit %(page_size)s;
