-- Change how a post appears in many collectives; what is so already is not written again
-- as: authenticated
-- target: 5 ms
-- parameter: post_id uuid = {post}
-- parameter: collective_ids uuid[] = {collectives}
-- parameter: status text = published
-- parameter: sharing_settings jsonb = {"pinned": true}
-- parameter: display_order int = 1
with wanted as (
    select
        pc.collective_id,
        coalesce(%(status)s::text, pc.status) as status, -- noqa: RF02
        jsonb_strip_nulls(pc.sharing_settings || %(sharing_settings)s) as sharing_settings, -- noqa: RF02
        coalesce(%(display_order)s::int, pc.display_order) as display_order -- noqa: RF02
    from public.post_collectives as pc
    where pc.post_id = %(post_id)s and pc.collective_id = any(%(collective_ids)s) -- noqa: RF02
),

found as (
    select
        w.collective_id,
        w.status,
        w.sharing_settings,
        w.display_order,
        pc.status <> w.status
        or pc.sharing_settings <> w.sharing_settings
        or pc.display_order <> w.display_order as differs
    from wanted as w
    inner join public.post_collectives as pc
        on w.collective_id = pc.collective_id and pc.post_id = %(post_id)s -- noqa: RF02
),

changed as (
    update public.post_collectives as pc
    set status = f.status, sharing_settings = f.sharing_settings, display_order = f.display_order
    from found as f
    where pc.post_id = %(post_id)s and pc.collective_id = f.collective_id and f.differs -- noqa: RF02
    returning pc.collective_id
)

select
    f.collective_id,
    f.differs,
    c.collective_id is not null as is_changed
from found as f
left join changed as c on f.collective_id = c.collective_id;
