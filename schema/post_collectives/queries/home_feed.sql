-- The newest posts of all collectives of the user: the newest of each first, then the newest of those
-- as: authenticated
-- parameter: user_id uuid = {member}
-- parameter: page_size int = 50
with newest as (
    select
        f.post_id,
        max(f.created_at) as shared_at
    from public.collective_members as m
    cross join
        lateral (
            select
                pc.post_id,
                pc.created_at
            from public.post_collectives as pc
            where pc.collective_id = m.collective_id and pc.status = 'published'
            order by pc.created_at desc, pc.post_id desc
            limit %(page_size)s
        ) as f
    where m.user_id = %(user_id)s -- noqa: RF02
    group by f.post_id
    order by max(f.created_at) desc, f.post_id desc
    limit %(page_size)s
)

select
    p.id,
    p.author_id,
    p.title,
    newest.shared_at
from newest
inner join public.posts as p on newest.post_id = p.id
where p.status = 'published'
order by newest.shared_at desc, p.id desc;
