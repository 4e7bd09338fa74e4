-- Share a post with many collectives in one statement; what is shared already stays as it is
-- as: authenticated
-- target: 5 ms
-- parameter: post_id uuid = {post}
-- parameter: collective_ids uuid[] = {collectives}
-- parameter: status text = published
-- parameter: sharing_settings jsonb = {}
-- parameter: display_order int = 0
with added as (
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
    on conflict (post_id, collective_id, author_id) do nothing
    returning collective_id, status
)

select
    w.collective_id,
    coalesce(a.status, pc.status, %(status)s) as status, -- noqa: RF02
    a.collective_id is not null as is_new
from unnest(%(collective_ids)s) with ordinality as w (collective_id, place) -- noqa: RF02
left join added as a on w.collective_id = a.collective_id
left join public.post_collectives as pc
    on w.collective_id = pc.collective_id and pc.post_id = %(post_id)s -- noqa: RF02
order by w.place;
