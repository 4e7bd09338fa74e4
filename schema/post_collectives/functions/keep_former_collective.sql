create function app.keep_former_collective() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
    if tg_op = 'INSERT' then
        update public.posts as p
        set collective_id = first.collective_id
        from (
            select distinct on (t.post_id) t.post_id, t.collective_id
            from touched as t
            order by t.post_id, t.display_order, t.collective_id
        ) as first
        where p.id = first.post_id and p.collective_id is null;
        return null;
    end if;
    update public.posts as p
    set collective_id = (
        select pc.collective_id
        from public.post_collectives as pc
        where pc.post_id = p.id
        order by pc.display_order, pc.collective_id
        limit 1
    )
    from touched as t
    where p.id = t.post_id and (p.collective_id = t.collective_id or p.collective_id is null);
    return null;
end;
$$;
