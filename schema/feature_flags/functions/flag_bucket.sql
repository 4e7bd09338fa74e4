create function app.flag_bucket(salt text, unit text) returns integer
language sql immutable strict parallel safe
return (
    ('x' || encode(substr(sha256(convert_to(salt || ':' || unit, 'UTF8')), 1, 7), 'hex'))::bit(56)::bigint
    % 100000
)::integer;
