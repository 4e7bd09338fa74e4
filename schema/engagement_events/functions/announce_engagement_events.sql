create function app.announce_engagement_events() returns trigger
language plpgsql
as $$
begin
    perform pg_notify('engagement_events', n.user_id::text)
    from (select distinct a.user_id from added as a) as n;
    return null;
end;
$$;
