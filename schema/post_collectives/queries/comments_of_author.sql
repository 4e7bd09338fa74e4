-- What somebody commented last: for moderation, and for their own copy of their data
-- as: service_role
-- index: idx_comments_author
-- parameter: author_id uuid = {member}
-- parameter: page_size int = 50
select
    c.id,
    c.post_id,
    c.body,
    c.created_at
from public.comments as c
where c.author_id = %(author_id)s
order by c.created_at desc
limit %(page_size)s;
