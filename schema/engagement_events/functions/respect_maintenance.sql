create function app.respect_maintenance() returns void
language plpgsql
as $$
begin
    if
        current_user <> 'service_role'
        and (select s.maintenance_mode from public.system_status as s order by s.id desc limit 1)
    then
        perform set_config('transaction_read_only', 'on', true);
    end if;
end;
$$;
