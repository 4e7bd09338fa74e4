-- Somebody to try the queries with: one of the newest events, and whose it is
-- as: service_role
select
    coalesce(e.user_id, '00000000-0000-0000-0000-000000000000') as member, -- noqa: RF04
    coalesce(e.id, '00000000-0000-0000-0000-000000000000') as event_id,
    coalesce(e.event_type, 'nothing') as event_type,
    coalesce(e.value::text, '{}') as value, -- noqa: RF04
    now() - interval '7 days' as week_ago,
    format('%1$s:%1$s:', pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1) as known,
    pg_current_snapshot()::text as seen
from (select now() as read_at) as r
left join public.engagement_events as e on r.read_at >= e.timestamp and e.deleted_at is null
order by e.timestamp desc nulls last
limit 1;
