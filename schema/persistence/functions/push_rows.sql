create function app.push_rows(kind text, device text, changes jsonb) returns jsonb
language plpgsql
as $$
declare
    columns constant text[] := case kind
        when 'groups' then '{name}'
        when 'students' then '{name,group_id}'
        when 'attendance_records' then '{student_id,held_on,status,note}'
        when 'completed_makeup_sessions' then '{student_id,missed_on,completed_on}'
        when 'archived_terms' then '{name,starts_on,ends_on,summary}'
    end;
    writer constant text := case when app.current_user_id() is null then app.current_client_id() else device end;
    hidden constant text[] := '{owner,changed_in,user_id,profile_id,created_at,updated_at}';
    before jsonb;
    updated uuid[];
    inserted uuid[];
    answer jsonb;
begin
    if columns is null then
        raise exception 'no table "%" is synchronized', kind using errcode = 'invalid_parameter_value';
    end if;

    -- In the order of their ids, so that two pushes never wait for each other.
    execute format(
        'select coalesce(jsonb_object_agg(s.id, to_jsonb(s)), ''{}'') from (
            select * from public.%I as t
            where t.id = any(array(select (c.change ->> ''id'')::uuid from jsonb_array_elements($1) as c (change)))
            order by t.id for no key update
        ) as s', kind)
    using changes into before;

    execute format(
        'with written as (
            update public.%1$I as t
            set %2$s, deleted = r.deleted, version = r.version, metadata = r.metadata, client_id = $2
            from jsonb_populate_recordset(null::public.%1$I, $1) as r
            where t.id = r.id and r.version > t.version
            returning t.id
        ) select array_agg(w.id) from written as w',
        kind, (select string_agg(format('%1$I = r.%1$I', c), ', ') from unnest(columns) as c))
    using changes, writer into updated;

    -- Nothing is done where the id is somebody else''s, who stays unseen.
    execute format(
        'with written as (
            insert into public.%1$I as t (id, %2$s, deleted, version, metadata, user_id, client_id)
            select r.id, %3$s, r.deleted, r.version, r.metadata, app.current_user_id(), $2
            from jsonb_populate_recordset(null::public.%1$I, $1) as r
            where not $3 ? r.id::text
            order by r.id
            on conflict (id) do nothing
            returning t.id
        ) select array_agg(w.id) from written as w',
        kind,
        (select string_agg(format('%I', c), ', ') from unnest(columns) as c),
        (select string_agg(format('r.%I', c), ', ') from unnest(columns) as c))
    using changes, writer, before into inserted;

    execute format(
        'select coalesce(jsonb_agg(jsonb_build_object(
            ''table'', $4::text,
            ''id'', o.id,
            ''outcome'', o.outcome,
            ''version'', o.stored -> ''version'',
            ''conflict'', o.outcome = ''kept'' or (o.outcome = ''applied'' and o.seen_otherwise),
            ''stored'', case when o.outcome = ''kept'' then o.stored - $5 end,
            ''replaced'', case when o.outcome = ''applied'' and o.seen_otherwise then o.before - $5 end
        ) order by o.place), ''[]'')
        from (
            select
                c.place,
                r.id,
                to_jsonb(t) as stored,
                $2 -> r.id::text as before,
                case
                    when r.id = any($3) then ''applied''
                    when t.id is null then ''refused''
                    when t.version = r.version and t.client_id = $6 then ''repeated''
                    else ''kept''
                end as outcome,
                coalesce(($2 -> r.id::text ->> ''version'')::bigint, 0) <> (c.change ->> ''base_version'')::bigint
                    as seen_otherwise
            from jsonb_array_elements($1) with ordinality as c (change, place)
            cross join lateral jsonb_populate_record(null::public.%1$I, c.change) as r
            left join public.%1$I as t on t.id = r.id
        ) as o', kind)
    using changes, before, coalesce(updated, '{}') || coalesce(inserted, '{}'), kind, hidden, writer
    into answer;
    return answer;
end;
$$;
