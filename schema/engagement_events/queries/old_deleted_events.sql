-- How many deleted events are due for the archive, and since when
-- as: service_role
-- index: idx_engagement_events_deleted
-- grows: linear
-- parameter: older_than interval = 30 days
select
    count(*) as due,
    min(e.deleted_at) as oldest
from public.engagement_events as e
where e.deleted_at is not null and e.deleted_at < now() - %(older_than)s::interval;
