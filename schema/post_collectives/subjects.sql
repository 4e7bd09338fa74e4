-- An author who may post, a shared post of theirs, where it is and could be shared, and by which operation
-- as: service_role
select
    pc.post_id as post,
    pc.collective_id as collective,
    p.author_id as member, -- noqa: RF04
    p.title,
    (
        select array_agg(o.collective_id)
        from public.collective_members as o
        where o.user_id = p.author_id and o.can_post
    ) as collectives,
    coalesce((
        select o.collective_id
        from public.collective_members as o
        where o.user_id = p.author_id and o.role in ('owner', 'admin')
        order by o.collective_id
        limit 1
    ), pc.collective_id) as administered,
    (
        select l.operation_id
        from public.post_collective_audit_log as l
        where l.post_id = pc.post_id and l.action = 'create' and l.outcome = 'succeeded'
        order by l.id desc
        limit 1
    ) as operation -- noqa: RF04
from public.post_collectives as pc
inner join public.posts as p on pc.post_id = p.id
inner join public.collective_members as m on pc.collective_id = m.collective_id and p.author_id = m.user_id
where pc.status = 'published' and p.status = 'published'
order by m.role = 'owner' desc, pc.collective_id asc, pc.post_id asc
limit 1;
