create function app.current_owner() returns text
language sql stable parallel safe
return coalesce(app.current_user_id()::text, 'guest:' || app.current_client_id());
