-- Take a post back from many collectives; where it is not shared there is nothing to do
-- as: authenticated
-- target: 5 ms
-- parameter: post_id uuid = {post}
-- parameter: collective_ids uuid[] = {collectives}
with found as (
    select pc.collective_id
    from public.post_collectives as pc
    where pc.post_id = %(post_id)s and pc.collective_id = any(%(collective_ids)s)
),

removed as (
    delete from public.post_collectives as pc
    where pc.post_id = %(post_id)s and pc.collective_id = any(%(collective_ids)s)
    returning pc.collective_id
)

select
    f.collective_id,
    r.collective_id is not null as is_removed
from found as f
left join removed as r on f.collective_id = r.collective_id;
