create function public.get_user_postable_collectives(user_id uuid)
returns table (collective_id uuid, name text, slug text, visibility text, member_role text)
language sql stable parallel safe
as $$
    select
        c.id,
        c.name,
        c.slug,
        c.visibility,
        m.role
    from public.collective_members as m
    inner join public.collectives as c on m.collective_id = c.id
    where m.user_id = get_user_postable_collectives.user_id and m.can_post
    order by c.name, c.id
$$;
