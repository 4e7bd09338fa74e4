-- What a user did since a time: how often each type, and when last
-- as: authenticated
-- grows: linear
-- parameter: user_id uuid = {member}
-- parameter: since timestamptz = {week_ago}
select
    e.event_type,
    count(*) as event_count,
    count(distinct e.session_id) as session_count,
    max(e.timestamp) as newest
from public.engagement_events as e
where e.user_id = %(user_id)s and e.deleted_at is null and e.timestamp >= %(since)s
group by e.event_type
order by event_count desc, e.event_type asc;
