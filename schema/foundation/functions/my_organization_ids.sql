create function app.my_organization_ids(wanted_roles text[]) returns uuid[]
language plpgsql stable security definer parallel safe
set search_path = ''
as $$
begin
    return array(
        select m.organization_id
        from public.memberships as m
        where m.user_id = (select app.current_user_id()) and m.role = any(wanted_roles)
    );
end;
$$;
