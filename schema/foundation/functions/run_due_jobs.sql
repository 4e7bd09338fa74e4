create procedure app.run_due_jobs()
language plpgsql
as $$
declare
    job app.scheduled_jobs;
    failure text;
    began timestamptz;
begin
    loop
        select j.* into job
        from app.scheduled_jobs as j
        where j.enabled and j.next_run_at <= clock_timestamp()
        order by j.next_run_at
        limit 1
        for no key update skip locked;
        exit when not found;

        began := clock_timestamp();
        failure := null;
        begin
            execute format('select %I.%I()', split_part(job.routine, '.', 1), split_part(job.routine, '.', 2));
        exception when others then
            get stacked diagnostics failure = message_text;
        end;

        update app.scheduled_jobs as j
        set
            next_run_at = clock_timestamp() + j.every,
            last_run_at = began,
            last_duration = clock_timestamp() - began,
            last_error = failure,
            failures_in_a_row = case when failure is null then 0 else j.failures_in_a_row + 1 end
        where j.name = job.name;
        commit;
    end loop;
end;
$$;
