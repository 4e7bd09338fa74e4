-- Somebody to try the queries with: the first user who did something, and what they did last
-- as: service_role
select
    e.user_id as member, -- noqa: RF04
    e.id as event_id,
    e.event_type,
    e.value::text as value, -- noqa: RF04
    now() - interval '7 days' as week_ago,
    -- What a subscriber knows who read just before the user's newest event was recorded.
    (
        select format('%1$s:%1$s:', n.recorded_in)
        from public.engagement_events as n
        where n.user_id = e.user_id
        order by n.recorded_in desc
        limit 1
    ) as known,
    pg_current_snapshot()::text as seen
from public.engagement_events as e
where e.deleted_at is null
order by e.user_id asc, e.timestamp desc, e.id desc
limit 1;
