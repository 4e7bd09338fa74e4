create function app.current_organization_id() returns uuid
language sql stable parallel safe
return coalesce(
    nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'organization_id', ''),
    nullif(current_setting('app.organization_id', true), '')
)::uuid;
