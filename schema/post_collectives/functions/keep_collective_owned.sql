create function app.keep_collective_owned() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
    -- One transaction at a time; an owner whom another one is changing does not count.
    perform pg_advisory_xact_lock(hashtextextended('owners of ' || old.collective_id, 0));
    perform from public.collective_members as m
    where m.collective_id = old.collective_id and m.role = 'owner'
    limit 1
    for share skip locked;
    if found or not exists (select from public.collectives as c where c.id = old.collective_id) then
        return null;
    end if;
    if exists (select from public.collective_members as m where m.collective_id = old.collective_id and m.role = 'owner') then
        raise exception 'another owner of the collective is being changed'
            using errcode = 'serialization_failure', hint = 'try again';
    end if;
    if app.current_user_id() is not null then
        raise exception 'the collective would have no owner'
            using
                errcode = 'check_violation',
                constraint = 'collective_members_last_owner',
                schema = 'public',
                table = 'collective_members',
                hint = 'make another member an owner first, or delete the collective';
    end if;
    update public.collective_members as m
    set role = 'owner'
    from (
        select
            n.collective_id,
            n.user_id
        from public.collective_members as n
        where n.collective_id = old.collective_id
        order by array_position('{admin,editor,author,member}', n.role), n.created_at, n.user_id
        limit 1
        for update skip locked
    ) as heir
    where m.collective_id = heir.collective_id and m.user_id = heir.user_id;
    return null;
end;
$$;
