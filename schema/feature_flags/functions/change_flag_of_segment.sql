create function app.change_flag_of_segment() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
    update public.feature_flags as f
    set enabled = f.enabled
    where f.id in (old.flag_id, new.flag_id);
    return null;
end;
$$;
