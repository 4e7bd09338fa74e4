create function app.keep_audit_fields() returns trigger
language plpgsql
as $$
begin
    if tg_op = 'INSERT' then
        new.created_at := now();
        new.created_by := app.current_user_id();
    else
        new.created_at := old.created_at;
        new.created_by := old.created_by;
        -- Usage is counted by a trigger: it is no change by a user, and must not hide who made the last one.
        if to_jsonb(new) - 'last_used_at' = to_jsonb(old) - 'last_used_at' then
            return new;
        end if;
    end if;
    new.updated_at := now();
    new.updated_by := app.current_user_id();
    return new;
end;
$$;
