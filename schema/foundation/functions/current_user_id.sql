create function app.current_user_id() returns uuid
language sql stable parallel safe
return coalesce(
    nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub', ''),
    nullif(current_setting('app.user_id', true), '')
)::uuid;
