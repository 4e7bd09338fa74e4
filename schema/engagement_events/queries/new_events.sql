-- What is new to a subscriber who read by the snapshot `since`, up to the snapshot `until`, page by page
-- as: authenticated
-- index: idx_engagement_events_recorded
-- target: 1 ms
-- parameter: user_id uuid = {member}
-- parameter: since pg_snapshot = {known}
-- parameter: until pg_snapshot = {seen}
-- parameter: after_transaction xid8 = 0
-- parameter: after_id uuid = 00000000-0000-0000-0000-000000000000
-- parameter: page_size int = 500
with given as (
    select
        coalesce(%(since)s::pg_snapshot, pg_current_snapshot()) as known,
        coalesce(%(until)s::pg_snapshot, pg_current_snapshot()) as seen
),

-- Worked out before: a function that is not leakproof never comes before a policy, so not to an index.
reading as materialized (
    select
        g.known,
        g.seen,
        greatest(pg_snapshot_xmin(g.known), %(after_transaction)s::xid8) as oldest
    from given as g
)

select -- noqa: ST06
    r.known::text as known,
    r.seen::text as seen,
    pg_snapshot_xmax(r.known) > pg_snapshot_xmax(pg_current_snapshot()) as is_foreign,
    e.id,
    e.session_id,
    e.event_type,
    e.value,
    e.timestamp,
    e.recorded_in::text as recorded_in,
    (extract(epoch from clock_timestamp() - e.recorded_at) * 1000)::double precision as delay_ms
from reading as r
left join lateral (
    select n.*
    from public.engagement_events as n
    where
        n.user_id = %(user_id)s
        and n.deleted_at is null
        and n.recorded_in >= r.oldest
        and (n.recorded_in > %(after_transaction)s::xid8 or n.id > %(after_id)s)
        and not pg_visible_in_snapshot(n.recorded_in, r.known)
        and pg_visible_in_snapshot(n.recorded_in, r.seen)
    order by n.recorded_in, n.id
    limit %(page_size)s
) as e on true
order by e.recorded_in, e.id;
