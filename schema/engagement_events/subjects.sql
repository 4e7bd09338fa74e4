-- Somebody to try the queries with: the first user who did something, and what they did last
-- as: service_role
with somebody as (
    select
        e.user_id,
        e.id,
        e.event_type,
        e.value
    from public.users as u
    cross join
        lateral (
            select n.*
            from public.engagement_events as n
            where n.user_id = u.id and n.deleted_at is null
            order by n.timestamp desc
            limit 1
        ) as e
    order by u.id
    limit 1
)

select
    coalesce(s.user_id, '00000000-0000-0000-0000-000000000000') as member, -- noqa: RF04
    coalesce(s.id, '00000000-0000-0000-0000-000000000000') as event_id,
    coalesce(s.event_type, 'nothing') as event_type,
    coalesce(s.value::text, '{}') as value, -- noqa: RF04
    now() - interval '7 days' as week_ago,
    format('%1$s:%1$s:', pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1) as known,
    pg_current_snapshot()::text as seen
from (select now() as read_at) as r
left join somebody as s on r.read_at is not null;
