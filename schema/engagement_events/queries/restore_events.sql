-- Brings deleted events of a user back, until they are archived: returns those that came back
-- as: authenticated
-- parameter: user_id uuid = {member}
-- parameter: ids uuid[] = {event_id}
update public.engagement_events as e
set deleted_at = null
where e.user_id = %(user_id)s and e.id = any(%(ids)s) and e.deleted_at is not null
returning e.id;
