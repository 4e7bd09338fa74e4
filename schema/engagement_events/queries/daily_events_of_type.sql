-- How many events of a type there were on each day (UTC), and of how many users
-- as: service_role
-- index: idx_engagement_events_type
-- target: 50 ms
-- grows: linear
-- parameter: event_type text = {event_type}
-- parameter: since timestamptz = {week_ago}
-- parameter: until timestamptz = infinity
select
    (e.timestamp at time zone 'UTC')::date as utc_day,
    count(*) as event_count,
    count(distinct e.user_id) as people
from public.engagement_events as e
where
    e.event_type = %(event_type)s
    and e.timestamp >= %(since)s
    and e.timestamp < %(until)s
    and e.deleted_at is null
group by 1
order by 1;
