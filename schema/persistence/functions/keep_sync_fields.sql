create function app.keep_sync_fields() returns trigger
language plpgsql
as $$
declare
    whose constant text[] := '{user_id,client_id,owner,version,updated_at,changed_in}';
begin
    if tg_op = 'INSERT' then
        if new.user_id is null and new.client_id is null then
            new.user_id := (select p.user_id from public.profiles as p where p.id = new.profile_id);
        end if;
        new.version := greatest(new.version, 1);
        new.updated_at := now();
    elsif to_jsonb(new) - whose = to_jsonb(old) - whose then
        -- Another owner is no change that could lose against one.
        new.version := greatest(new.version, old.version);
        new.updated_at := old.updated_at;
    else
        new.version := greatest(new.version, old.version + 1);
        new.updated_at := now();
    end if;
    new.owner := coalesce(new.user_id::text, 'guest:' || new.client_id);
    new.changed_in := pg_current_xact_id();
    return new;
end;
$$;
