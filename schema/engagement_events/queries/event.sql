-- One event of a user, deleted or not
-- as: authenticated
-- parameter: user_id uuid = {member}
-- parameter: id uuid = {event_id}
select
    e.id,
    e.session_id,
    e.event_type,
    e.value,
    e.timestamp,
    e.deleted_at
from public.engagement_events as e
where e.user_id = %(user_id)s and e.id = %(id)s
order by e.timestamp
limit 1;
