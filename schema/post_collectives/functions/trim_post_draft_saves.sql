create function app.trim_post_draft_saves(
    older_than interval default '7 days',
    kept integer default 20,
    batch integer default 10000
) returns integer
language plpgsql
as $$
declare
    removed integer;
begin
    if older_than < interval '1 day' or kept < 1 or batch not between 1 and 100000 then
        raise exception 'got older_than %, kept %, batch %: give at least 1 day, 1 save and 1 to 100000 rows',
            older_than, kept, batch
            using errcode = 'invalid_parameter_value';
    end if;
    -- Draft by draft, so that what each of them keeps is not read to be kept.
    with old as (
        select d.author_id, d.id as draft_id, o.version
        from public.post_drafts as d
        cross join lateral (
            select s.version
            from public.post_draft_saves as s
            where
                s.author_id = d.author_id and s.draft_id = d.id
                and s.version <= d.version - kept and s.saved_at < now() - older_than
            order by s.version
            limit batch
        ) as o
        where d.version > kept
        limit batch
    )
    delete from public.post_draft_saves as s
    using old
    where s.author_id = old.author_id and s.draft_id = old.draft_id and s.version = old.version;
    get diagnostics removed = row_count;
    return removed;
end;
$$;
