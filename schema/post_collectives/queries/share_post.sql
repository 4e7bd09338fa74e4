-- Share a post with many collectives in one statement; what is shared already stays as it is
-- as: authenticated
-- target: 5 ms
-- parameter: post_id uuid = {post}
-- parameter: collective_ids uuid[] = {collectives}
-- parameter: status text = published
-- parameter: sharing_settings jsonb = {}
-- parameter: display_order int = 0
insert into public.post_collectives (post_id, collective_id, status, sharing_settings, display_order)
select
    %(post_id)s,
    w.collective_id,
    %(status)s,
    %(sharing_settings)s,
    %(display_order)s
from unnest(%(collective_ids)s) as w (collective_id)
-- Ordered, so that two that share the same cannot deadlock.
order by w.collective_id
on conflict (post_id, author_id, collective_id) do nothing
returning collective_id;
