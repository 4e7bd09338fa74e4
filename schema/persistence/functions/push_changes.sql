create function app.push_changes(push_id uuid, device text, outbox integer, changes jsonb) returns jsonb
language plpgsql
as $$
declare
    -- What others refer to comes first.
    kinds constant text[] := '{groups,students,attendance_records,completed_makeup_sessions,archived_terms}';
    kind text;
    told jsonb;
begin
    if app.current_owner() is null then
        raise exception 'nobody is signed in, and no guest named' using errcode = 'insufficient_privilege';
    end if;

    -- The answer may have been lost: whoever asks again waits for the first, and gets the same.
    perform pg_advisory_xact_lock(hashtextextended(app.current_owner() || push_id, 0));
    select p.answer into told
    from public.sync_pushes as p
    where p.owner = app.current_owner() and p.id = push_id;
    if found then
        return told;
    end if;

    told := '[]';
    foreach kind in array kinds loop
        told := told || coalesce((
            select app.push_rows(kind, device, jsonb_agg(c.change order by c.place))
            from jsonb_array_elements(changes) with ordinality as c (change, place)
            where c.change ->> 'table' = kind
            having count(*) > 0
        ), '[]');
    end loop;

    insert into public.sync_pushes (id, device, outbox, applied, kept, refused, conflicts, answer)
    select
        push_id,
        push_changes.device,
        push_changes.outbox,
        count(*) filter (where a.one ->> 'outcome' in ('applied', 'repeated')),
        count(*) filter (where a.one ->> 'outcome' = 'kept'),
        count(*) filter (where a.one ->> 'outcome' = 'refused'),
        count(*) filter (where (a.one ->> 'conflict')::boolean),
        told
    from (select) as nothing
    left join jsonb_array_elements(told) as a (one) on true;
    return told;
end;
$$;
