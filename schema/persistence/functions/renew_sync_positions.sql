create function app.renew_sync_positions() returns bigint
language plpgsql
as $$
declare
    kind text;
    renewed bigint;
    total bigint := 0;
begin
    foreach kind in array '{groups,students,attendance_records,completed_makeup_sessions,archived_terms}'::text[] loop
        execute format(
            'update public.%I as t set changed_in = default where t.changed_in >= pg_snapshot_xmax(pg_current_snapshot())',
            kind);
        get diagnostics renewed = row_count;
        total := total + renewed;
    end loop;
    return total;
end;
$$;
