create function app.guest_to_take_over() returns text
language sql stable parallel safe
return nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'guest_client_id', '');
