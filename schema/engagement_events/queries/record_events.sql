-- Records a batch of the user's events, each once: returns those that were not known
-- as: authenticated
-- target: 1 ms
-- parameter: user_id uuid = {member}
-- parameter: ids uuid[] = 00000000-0000-4000-8000-0000000e0001
-- parameter: session_ids uuid[] = 00000000-0000-4000-8000-0000000e0002
-- parameter: event_types text[] = post.viewed
-- parameter: values jsonb[] = {"post_id": "p1"}
-- parameter: timestamps timestamptz[] = now
insert into public.engagement_events (id, user_id, session_id, event_type, value, timestamp)
select
    n.id,
    %(user_id)s::uuid as user_id,
    n.session_id,
    n.event_type,
    n.value,
    n.timestamp
from
    unnest(
        %(ids)s::uuid[], %(session_ids)s::uuid[], %(event_types)s::text[],
        %(values)s::jsonb[], %(timestamps)s::timestamptz[]
    ) as n (id, session_id, event_type, value, timestamp)
-- In one order, so that two batches with the same events wait for each other and never in a circle.
order by n.id, n.timestamp
on conflict do nothing
returning id;
