-- The newest events whose value contains what is asked for: who did something with one thing, for support
-- as: service_role
-- index: idx_engagement_events_value
-- parameter: value jsonb = {value}
-- parameter: page_size int = 50
select
    e.id,
    e.user_id,
    e.event_type,
    e.value,
    e.timestamp
from public.engagement_events as e
where e.value @> %(value)s::jsonb and e.deleted_at is null
order by e.timestamp desc
limit %(page_size)s;
