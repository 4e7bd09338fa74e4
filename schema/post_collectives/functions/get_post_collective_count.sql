create function public.get_post_collective_count(post_id uuid) returns integer
language plpgsql stable parallel safe
as $$
begin
    return (
        select count(*)
        from public.post_collectives as pc
        where pc.post_id = get_post_collective_count.post_id and pc.status = 'published'
    );
end;
$$;
