-- The job that the next tick runs: what app.run_due_jobs asks
-- as: service_role
-- index: idx_scheduled_jobs_due
select j.name
from app.scheduled_jobs as j
where j.enabled and j.next_run_at <= clock_timestamp()
order by j.next_run_at
limit 1
for no key update skip locked;
