create function app.save_post_draft(
    draft uuid,
    save uuid,
    seen_version integer,
    new_title text,
    new_body text,
    new_settings jsonb default '{}',
    of_post uuid default null
) returns table (version integer, conflict boolean, repeated boolean, overwritten_version integer)
language plpgsql
as $$
declare
    me uuid := app.current_user_id();
    made integer;
    clashes boolean;
begin
    -- One save of a draft at a time: a repetition must see what the first one wrote.
    perform pg_advisory_xact_lock(hashtextextended('post_drafts ' || me || draft, 0));
    return query
    select s.version, s.conflict, true, case when s.conflict then s.version - 1 end
    from public.post_draft_saves as s
    where s.author_id = me and s.draft_id = draft and s.save_id = save;
    if found then
        return;
    end if;

    insert into public.post_drafts as d (author_id, id, post_id, title, body, settings)
    values (me, draft, of_post, new_title, new_body, new_settings)
    on conflict (author_id, id) do update
    set
        title = excluded.title,
        body = excluded.body,
        settings = excluded.settings,
        version = d.version + 1,
        updated_at = now()
    returning d.version into made;

    clashes := seen_version <> made - 1;
    insert into public.post_draft_saves
    (author_id, draft_id, version, save_id, based_on, conflict, title, body, settings)
    values (me, draft, made, save, seen_version, clashes, new_title, new_body, new_settings);
    return query select made, clashes, false, case when clashes and made > 1 then made - 1 end;
end;
$$;
