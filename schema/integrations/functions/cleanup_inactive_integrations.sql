create function app.cleanup_inactive_integrations(
    older_than interval default '90 days',
    batch integer default 500
) returns integer
language plpgsql
as $$
declare
    removed integer;
begin
    if older_than < interval '1 day' or batch not between 1 and 10000 then
        raise exception 'got older_than % and batch %: give at least 1 day and 1 to 10000 rows', older_than, batch
            using errcode = 'invalid_parameter_value';
    end if;
    with unused as (
        select i.organization_id, i.id
        from public.integrations as i
        where
            i.status = 'inactive'
            and coalesce(i.last_used_at, i.created_at) < now() - older_than
            and i.updated_at < now() - older_than
        order by coalesce(i.last_used_at, i.created_at)
        limit batch
        for update skip locked
    )
    delete from public.integrations as i
    using unused
    where i.organization_id = unused.organization_id and i.id = unused.id;
    get diagnostics removed = row_count;
    return removed;
end;
$$;
