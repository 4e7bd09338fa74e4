create function app.my_collective_ids(wanted_roles text[]) returns uuid[]
language plpgsql stable security definer parallel safe
set search_path = ''
as $$
begin
    return array(
        select m.collective_id
        from public.collective_members as m
        where m.user_id = (select app.current_user_id()) and m.role = any(wanted_roles)
    );
end;
$$;
