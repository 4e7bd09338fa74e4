create function app.keep_post_fields() returns trigger
language plpgsql
as $$
begin
    if tg_op = 'INSERT' then
        new.created_at := now();
        new.updated_at := now();
        new.published_at := case when new.status = 'published' then now() end;
        return new;
    end if;
    new.created_at := old.created_at;
    new.published_at := case
        when new.status = 'published' then coalesce(old.published_at, now())
        else old.published_at
    end;
    -- The former schema's column follows the associations: that is no change by a user.
    new.updated_at := case
        when (new.title, new.body, new.status, new.visibility)
            is not distinct from (old.title, old.body, old.status, old.visibility)
            then old.updated_at
        else now()
    end;
    return new;
end;
$$;
