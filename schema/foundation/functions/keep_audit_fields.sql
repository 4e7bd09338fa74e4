create function app.keep_audit_fields() returns trigger
language plpgsql
as $$
declare
    no_change constant text[] := '{created_by,updated_by,last_used_at}';
begin
    if tg_op = 'INSERT' then
        new.created_at := now();
        new.created_by := app.current_user_id();
        new.updated_at := now();
        new.updated_by := app.current_user_id();
        return new;
    end if;

    new.created_at := old.created_at;
    -- Who made or changed a row can be erased, by a service, and never be rewritten.
    if app.current_user_id() is not null or new.created_by is not null then
        new.created_by := old.created_by;
    end if;
    -- Usage is counted by a trigger: like an erasure it is no change by a user, and must not hide who made the last one.
    if to_jsonb(new) - no_change = to_jsonb(old) - no_change then
        if app.current_user_id() is not null or new.updated_by is not null then
            new.updated_by := old.updated_by;
        end if;
        new.updated_at := old.updated_at;
        return new;
    end if;
    new.updated_at := now();
    new.updated_by := app.current_user_id();
    return new;
end;
$$;
