-- Refused and failed operations by error: what support and alerts look at
-- as: service_role
-- index: idx_post_collective_audit_log_errors
-- grows: linear
-- parameter: time_span interval = 1 day
select
    l.error_code,
    l.action,
    l.outcome,
    count(*) as errors,
    count(distinct l.user_id) as user_count,
    max(l.created_at) as last_at
from public.post_collective_audit_log as l
where l.outcome in ('refused', 'failed') and l.created_at > now() - %(time_span)s::interval
group by l.error_code, l.action, l.outcome
order by count(*) desc, l.error_code;
