-- Gives an event of a user another value
-- as: authenticated
-- parameter: user_id uuid = {member}
-- parameter: id uuid = {event_id}
-- parameter: value jsonb = {"post_id": "p2"}
update public.engagement_events as e
set value = %(value)s::jsonb
where e.user_id = %(user_id)s and e.id = %(id)s and e.deleted_at is null
returning e.id, e.session_id, e.event_type, e.value, e.timestamp;
