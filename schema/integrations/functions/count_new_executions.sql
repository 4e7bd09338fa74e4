create function app.count_new_executions() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
    -- Ordered, so that two statements that touch the same days cannot deadlock.
    insert into public.integration_usage_daily as u
        (organization_id, integration_id, day, executions, succeeded, failed, duration_ms)
    select
        a.organization_id,
        a.integration_id,
        (a.started_at at time zone 'UTC')::date,
        count(*),
        count(*) filter (where a.status = 'succeeded'),
        count(*) filter (where a.status = 'failed'),
        coalesce(sum(a.duration_ms), 0)
    from added as a
    where a.integration_id is not null
    group by 1, 2, 3
    order by 1, 2, 3
    on conflict (organization_id, integration_id, day) do update
    set
        executions = u.executions + excluded.executions,
        succeeded = u.succeeded + excluded.succeeded,
        failed = u.failed + excluded.failed,
        duration_ms = u.duration_ms + excluded.duration_ms;

    -- To the minute is enough: an update for every execution would make the integration's row a hot spot.
    with used as (
        select i.organization_id, i.id, a.last_started_at
        from public.integrations as i
        inner join (
            select organization_id, integration_id, max(started_at) as last_started_at
            from added
            where integration_id is not null
            group by organization_id, integration_id
        ) as a on i.organization_id = a.organization_id and i.id = a.integration_id
        where i.last_used_at is null or i.last_used_at < a.last_started_at - interval '1 minute'
        order by i.organization_id, i.id
        for no key update of i
    )
    update public.integrations as i
    set last_used_at = used.last_started_at
    from used
    where i.organization_id = used.organization_id and i.id = used.id;
    return null;
end;
$$;
