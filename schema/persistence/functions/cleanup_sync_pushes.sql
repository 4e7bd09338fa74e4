create function app.cleanup_sync_pushes(older_than interval default '30 days', batch integer default 10000)
returns bigint
language plpgsql
as $$
declare
    removed bigint;
begin
    delete from public.sync_pushes as p
    where (p.owner, p.id) in (
        select o.owner, o.id
        from public.sync_pushes as o
        where o.pushed_at < now() - cleanup_sync_pushes.older_than
        order by o.pushed_at
        limit cleanup_sync_pushes.batch
    );
    get diagnostics removed = row_count;
    return removed;
end;
$$;
