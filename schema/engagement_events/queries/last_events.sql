-- A user's last events, newest first; the next page begins before the last one's time and id
-- as: authenticated
-- index: idx_engagement_events_user_timestamp
-- target: 1 ms
-- parameter: user_id uuid = {member}
-- parameter: before timestamptz = infinity
-- parameter: before_id uuid = ffffffff-ffff-ffff-ffff-ffffffffffff
-- parameter: page_size int = 50
select
    e.id,
    e.session_id,
    e.event_type,
    e.value,
    e.timestamp
from public.engagement_events as e
where
    e.user_id = %(user_id)s
    and e.deleted_at is null
    and e.timestamp <= %(before)s
    and (e.timestamp, e.id) < (%(before)s, %(before_id)s)
order by e.timestamp desc, e.id desc
limit %(page_size)s;
