-- How drafts were saved lately: what the health answer tells of auto-save
-- as: service_role
-- index: idx_post_draft_saves_saved
-- grows: linear
-- parameter: time_span interval = 1 hour
select
    count(*) as saves,
    count(*) filter (where s.conflict) as conflicts,
    max(s.saved_at) as last_saved_at
from public.post_draft_saves as s
-- Up to now: without an upper bound a plan for any time span expects a third of the table.
where s.saved_at > now() - %(time_span)s::interval and s.saved_at <= now();
