-- The drafts that the author saved last
-- as: authenticated
-- index: idx_post_drafts_recent
-- parameter: author_id uuid = {member}
-- parameter: page_size int = 50
select
    d.id,
    d.post_id,
    d.title,
    d.version,
    d.updated_at
from public.post_drafts as d
where d.author_id = %(author_id)s
order by d.updated_at desc
limit %(page_size)s;
