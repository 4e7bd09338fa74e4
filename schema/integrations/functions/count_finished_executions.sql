create function app.count_finished_executions() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
    insert into public.integration_usage_daily as u
        (organization_id, integration_id, day, executions, succeeded, failed, duration_ms)
    select
        a.organization_id,
        a.integration_id,
        (a.started_at at time zone 'UTC')::date,
        0,
        count(*) filter (where a.status = 'succeeded'),
        count(*) filter (where a.status = 'failed'),
        coalesce(sum(a.duration_ms), 0)
    from added as a
    inner join replaced as r on a.id = r.id
    where a.integration_id is not null and a.finished_at is not null and r.finished_at is null
    group by 1, 2, 3
    order by 1, 2, 3
    on conflict (organization_id, integration_id, day) do update
    set
        succeeded = u.succeeded + excluded.succeeded,
        failed = u.failed + excluded.failed,
        duration_ms = u.duration_ms + excluded.duration_ms;
    return null;
end;
$$;
