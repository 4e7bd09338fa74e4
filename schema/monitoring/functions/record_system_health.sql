create function monitoring.record_system_health() returns integer
language plpgsql security definer
set search_path = ''
as $$
declare
    unhealthy integer;
begin
    delete from monitoring.system_health_checks as c
    where c.checked_at < now() - interval '30 days';

    with measured as (
        insert into monitoring.system_health_checks (component, status, measure, detail)
        select h.component, h.status, h.measure, h.detail
        from monitoring.system_health() as h
        returning status
    )
    select count(*) into unhealthy from measured where status <> 'ok';
    return unhealthy;
end;
$$;
