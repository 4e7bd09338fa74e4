create function app.my_owners() returns text[]
language sql stable parallel safe
return array_remove(array[
    app.current_owner(),
    -- Only who is signed in takes over a guest, whom the token names because the guest's own was verified.
    case when app.current_user_id() is not null then 'guest:' || app.guest_to_take_over() end
], null);
