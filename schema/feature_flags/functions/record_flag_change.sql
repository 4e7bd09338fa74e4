create function app.record_flag_change() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
    insert into app.feature_flag_changes (flag_id, version, actor_id, database_role, reason, definition)
    values (
        coalesce(new.id, old.id),
        coalesce(new.version, old.version + 1),
        app.current_user_id(),
        coalesce(nullif(current_setting('role'), 'none'), session_user),
        nullif(current_setting('app.change_reason', true), ''),
        to_jsonb(new) || jsonb_build_object('segments', coalesce((
            select jsonb_object_agg(s.segment, s.rollout_percentage)
            from app.feature_flag_segments as s
            where s.flag_id = new.id
        ), '{}'))
    );
    return null;
end;
$$;
