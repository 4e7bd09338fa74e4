create function app.cleanup_execution_logs(
    older_than interval default '90 days',
    batch integer default 10000
) returns integer
language plpgsql
as $$
declare
    removed integer;
begin
    if older_than < interval '1 day' or batch not between 1 and 100000 then
        raise exception 'got older_than % and batch %: give at least 1 day and 1 to 100000 rows', older_than, batch
            using errcode = 'invalid_parameter_value';
    end if;
    with old as (
        select l.id
        from public.workflow_execution_logs as l
        where l.created_at < now() - older_than
        limit batch
        for update skip locked
    )
    delete from public.workflow_execution_logs as l
    using old
    where l.id = old.id;
    get diagnostics removed = row_count;
    return removed;
end;
$$;
