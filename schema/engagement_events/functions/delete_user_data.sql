create function app.delete_user_data(erased uuid)
returns table (table_name text, column_name text, on_erasure text, rows_erased bigint)
language plpgsql
as $$
declare
    one record;
    remaining bigint;
    counted jsonb := '{}';
begin
    if erased is null then
        raise exception 'got no user: give the id of the user to erase' using errcode = 'null_value_not_allowed';
    end if;
    select string_agg(f.subject || ': ' || f.remedy, '; ') as gaps into one
    from (
        select * from monitoring.finding_unregistered_personal_data
        union all
        select * from monitoring.finding_unerasable_personal_data
    ) as f;
    if one.gaps is not null then
        raise exception 'nobody can be erased completely: %', one.gaps
            using errcode = 'object_not_in_prerequisite_state', hint = 'mend app.personal_data or the privileges first';
    end if;
    -- What refers to the user waits here, and fails once the account is gone.
    perform from public.users as u where u.id = erased for update;

    for one in select * from app.erasure_steps() loop
        execute format(
            case one.on_erasure
                when 'delete' then 'delete from %1$s where %2$I = $1::%3$s'
                else 'update %1$s set %2$I = null where %2$I = $1::%3$s'
            end,
            one.table_name::regclass, one.column_name, one.column_type
        ) using erased;
        get diagnostics remaining = row_count;
        table_name := one.table_name;
        column_name := one.column_name;
        on_erasure := one.on_erasure;
        rows_erased := remaining;
        counted := counted || jsonb_build_object(table_name || '.' || column_name, rows_erased);
        return next;
    end loop;

    for one in select * from app.erasure_steps() loop
        execute format(
            'select count(*) from %s where %I = $1::%s', one.table_name::regclass, one.column_name, one.column_type
        ) into remaining using erased;
        if remaining > 0 then
            raise exception 'erasure of % is incomplete: %.% still has % rows',
                erased, one.table_name, one.column_name, remaining
                using errcode = 'triggered_action_exception', hint = 'a trigger wrote them again, or row security hid them';
        end if;
    end loop;
    insert into app.erased_users (user_id, rows) values (erased, counted);
end;
$$;
