create function app.delete_user_data(erased uuid)
returns table (table_name text, column_name text, on_erasure text, rows_erased bigint)
language plpgsql
as $$
declare
    one record;
    remains text[] := '{}';
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

    for one in
        with steps as materialized (
            select * from app.erasure_steps() with ordinality
        )

        select
            s.table_name,
            s.column_name,
            s.on_erasure,
            concat(
                format('%I = $1::%s', s.column_name, s.column_type),
                -- A row that goes anyway is not made anonymous first: indexes need not hold it.
                case when s.on_erasure = 'anonymize' then string_agg(
                    format(' and %I is distinct from %I', s.column_name, d.column_name), '' order by d.ordinality
                ) filter (where d.column_name is not null) end
            ) as found
        from steps as s
        left join steps as d
            on s.table_name = d.table_name and s.column_type = d.column_type and d.on_erasure = 'delete'
        group by s.ordinality, s.table_name, s.column_name, s.column_type, s.on_erasure
        order by s.ordinality
    loop
        execute format(
            case one.on_erasure
                when 'delete' then 'delete from %1$s where %3$s'
                else 'update %1$s set %2$I = null where %3$s'
            end,
            one.table_name::regclass, one.column_name, one.found
        ) using erased;
        get diagnostics rows_erased = row_count;
        table_name := one.table_name;
        column_name := one.column_name;
        on_erasure := one.on_erasure;
        counted := counted || jsonb_build_object(table_name || '.' || column_name, rows_erased);
        remains := remains || format(
            'select %L as place, count(*) as rows from %s where %s',
            table_name || '.' || column_name, one.table_name::regclass, one.found
        );
        return next;
    end loop;

    for one in execute array_to_string(remains, ' union all ') using erased loop
        if one.rows > 0 then
            raise exception 'erasure of % is incomplete: % still has % rows', erased, one.place, one.rows
                using errcode = 'triggered_action_exception', hint = 'a trigger wrote them again, or row security hid them';
        end if;
    end loop;
    insert into app.erased_users (user_id, rows) values (erased, counted);
end;
$$;
