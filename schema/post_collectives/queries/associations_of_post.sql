-- Where a post is shared, as far as the user sees
-- as: authenticated
-- parameter: post_id uuid = {post}
select
    pc.collective_id,
    c.name,
    c.slug,
    pc.status,
    pc.sharing_settings,
    pc.display_order,
    pc.created_at,
    pc.updated_at
from public.post_collectives as pc
left join public.collectives as c on pc.collective_id = c.id
where pc.post_id = %(post_id)s -- noqa: RF02
order by pc.display_order, pc.collective_id;
