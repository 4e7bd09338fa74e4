create function app.archive_old_deleted_events(
    older_than interval default '30 days',
    batch integer default 10000
) returns integer
language plpgsql
as $$
declare
    archived integer;
begin
    if older_than < interval '1 day' or batch not between 1 and 100000 then
        raise exception 'got older_than % and batch %: give at least 1 day and 1 to 100000 rows', older_than, batch
            using errcode = 'invalid_parameter_value';
    end if;
    with old as (
        select e.user_id, e.id, e.timestamp
        from public.engagement_events as e
        where e.deleted_at is not null and e.deleted_at < now() - older_than
        order by e.deleted_at
        limit batch
        for update skip locked
    ),

    moved as (
        delete from public.engagement_events as e
        using old
        where e.user_id = old.user_id and e.id = old.id and e.timestamp = old.timestamp
        returning e.*
    )

    insert into public.engagement_events_archive
    (id, user_id, session_id, event_type, value, timestamp, deleted_at, recorded_at)
    select m.id, m.user_id, m.session_id, m.event_type, m.value, m.timestamp, m.deleted_at, m.recorded_at
    from moved as m;
    get diagnostics archived = row_count;
    return archived;
end;
$$;
