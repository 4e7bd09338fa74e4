create function app.my_guests() returns text[]
language sql stable parallel safe
return array_remove(array[
    'guest:' || case
        when app.current_user_id() is null then app.current_client_id()
        -- Whom the token names because the guest's own token was verified.
        else app.guest_to_take_over()
    end
], null);
