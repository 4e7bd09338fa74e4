-- Deletes events of a user so that they can be restored: returns those that were there
-- as: authenticated
-- parameter: user_id uuid = {member}
-- parameter: ids uuid[] = {event_id}
update public.engagement_events as e
set deleted_at = now()
where e.user_id = %(user_id)s and e.id = any(%(ids)s) and e.deleted_at is null
returning e.id;
