-- Published posts of everybody that match: what support searches, and what app.search_posts does within
-- as: service_role
-- index: idx_posts_search
-- grows: linear
-- parameter: words text = experiment
-- parameter: page_size int = 20
select
    p.id,
    p.author_id,
    p.title,
    p.published_at
from public.posts as p
where p.search @@ websearch_to_tsquery('pg_catalog.english', %(words)s) and p.status = 'published'
order by p.published_at desc
limit %(page_size)s;
