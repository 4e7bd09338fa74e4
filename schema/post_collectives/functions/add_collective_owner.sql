create function app.add_collective_owner() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
    insert into public.collective_members (collective_id, user_id, role)
    values (new.id, new.created_by, 'owner');
    return null;
end;
$$;
