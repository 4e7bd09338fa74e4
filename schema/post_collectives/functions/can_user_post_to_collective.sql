create function public.can_user_post_to_collective(user_id uuid, collective_id uuid) returns boolean
language plpgsql stable parallel safe
as $$
begin
    return exists (
        select 1
        from public.collective_members as m
        where
            m.user_id = can_user_post_to_collective.user_id
            and m.collective_id = can_user_post_to_collective.collective_id
            and m.can_post
    );
end;
$$;
