create function app.share_with_former_collective() returns trigger
language plpgsql
as $$
begin
    if tg_op = 'UPDATE' then
        delete from public.post_collectives as pc
        where pc.post_id = new.id and pc.collective_id = old.collective_id;
    end if;
    if new.collective_id is not null then
        insert into public.post_collectives (post_id, collective_id)
        values (new.id, new.collective_id)
        on conflict do nothing;
    end if;
    return null;
end;
$$;
