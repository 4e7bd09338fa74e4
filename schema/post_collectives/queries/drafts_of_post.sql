-- The author's drafts of one of their posts: what the editor offers to go on with
-- as: authenticated
-- index: idx_post_drafts_post
-- parameter: author_id uuid = {member}
-- parameter: post_id uuid = {post}
select
    d.id,
    d.version,
    d.updated_at
from public.post_drafts as d
where d.author_id = %(author_id)s and d.post_id = %(post_id)s
order by d.updated_at desc;
