create function app.record_post_collective_change() returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
    claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
    me uuid := app.current_user_id();
    operation uuid := nullif(claims ->> 'operation_id', '')::uuid;
    asking text := coalesce(nullif(current_setting('role'), 'none'), session_user);
    took numeric := extract(epoch from clock_timestamp() - statement_timestamp()) * 1000;
begin
    if tg_op = 'INSERT' then
        insert into public.post_collective_audit_log
        (action, outcome, post_id, collective_id, author_id, user_id,
         database_role, operation_id, source, detail, duration_ms)
        select
            case a.origin when 'legacy' then 'migrate' else 'create' end,
            'succeeded', a.post_id, a.collective_id, a.author_id, me,
            asking, operation, 'trigger', jsonb_build_object('status', a.status), took
        from added as a;
    elsif tg_op = 'DELETE' then
        insert into public.post_collective_audit_log
        (action, outcome, post_id, collective_id, author_id, user_id,
         database_role, operation_id, source, detail, duration_ms)
        select
            'remove', 'succeeded', r.post_id, r.collective_id, r.author_id, me,
            asking, operation, 'trigger', jsonb_build_object('status', r.status), took
        from replaced as r;
    else
        insert into public.post_collective_audit_log
        (action, outcome, post_id, collective_id, author_id, user_id,
         database_role, operation_id, source, detail, duration_ms)
        select
            'update', 'succeeded', a.post_id, a.collective_id, a.author_id, me,
            asking, operation, 'trigger',
            jsonb_build_object(
                'status', a.status,
                'status_before', r.status,
                'changed', to_jsonb(array_remove(array[
                    case when a.status <> r.status then 'status' end,
                    case when a.sharing_settings <> r.sharing_settings then 'sharing_settings' end,
                    case when a.display_order <> r.display_order then 'display_order' end
                ], null))
            ),
            took
        from added as a
        inner join replaced as r on a.post_id = r.post_id and a.collective_id = r.collective_id;
    end if;
    return null;
end;
$$;
