create function app.record_security_event() returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
    before jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
    after jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
begin
    insert into public.security_events (organization_id, kind, severity, actor_id, database_role, detail)
    values (
        (coalesce(after, before) ->> 'organization_id')::uuid,
        tg_table_name || '.' || lower(tg_op),
        case when 'admin' in (before ->> 'role', after ->> 'role') then 'warning' else 'info' end,
        app.current_user_id(),
        coalesce(nullif(current_setting('role'), 'none'), session_user),
        jsonb_strip_nulls(jsonb_build_object(
            'before', before - '{config,credentials_ref}'::text[],
            'after', after - '{config,credentials_ref}'::text[]
        ))
    );
    return null;
end;
$$;
