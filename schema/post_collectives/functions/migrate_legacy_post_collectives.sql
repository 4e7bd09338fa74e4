create function public.migrate_legacy_post_collectives(batch integer default 10000) returns integer
language plpgsql
as $$
declare
    came_to uuid;
    shared integer;
    seen integer;
begin
    if batch not between 1 and 100000 then
        raise exception 'got batch %: give 1 to 100000 posts', batch using errcode = 'invalid_parameter_value';
    end if;
    insert into app.legacy_post_migration (id) values (true) on conflict do nothing;
    select m.last_post_id into came_to from app.legacy_post_migration as m for update;

    with next as (
        select p.id, p.collective_id, p.author_id, p.created_at
        from public.posts as p
        where
            p.id > coalesce(came_to, '00000000-0000-0000-0000-000000000000')
            and p.collective_id is not null
            and not exists (
                select 1
                from public.post_collectives as pc
                where pc.post_id = p.id and pc.collective_id = p.collective_id
            )
        order by p.id
        limit batch
        for key share of p
    ), added as (
        insert into public.post_collectives (post_id, collective_id, author_id, origin, created_at)
        select n.id, n.collective_id, n.author_id, 'legacy', n.created_at
        from next as n
        on conflict do nothing
        returning post_id
    )
    select (select count(*) from added), count(*), max(n.id::text)::uuid into shared, seen, came_to
    from next as n;

    -- A walk that has come to the end begins anew with the next call.
    update app.legacy_post_migration as m
    set
        last_post_id = case when seen < batch then null else came_to end,
        migrated = m.migrated + shared,
        finished_at = case when seen < batch then now() end;
    return shared;
end;
$$;
