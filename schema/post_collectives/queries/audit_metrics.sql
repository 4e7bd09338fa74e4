-- Operations by action and outcome lately, with their times
-- as: service_role
-- index: idx_post_collective_audit_log_created
-- grows: linear
-- parameter: time_span interval = 1 hour
select
    l.action,
    l.outcome,
    count(distinct coalesce(l.operation_id::text, l.id::text)) as operation_count,
    count(*) as row_count,
    round(avg(l.duration_ms), 3) as mean_ms,
    (percentile_cont(array[0.5, 0.95, 0.99]) within group (order by l.duration_ms::double precision))
        as percentiles_ms,
    count(distinct l.post_id) as post_count,
    count(distinct l.collective_id) as collective_count,
    count(distinct l.user_id) as user_count
from public.post_collective_audit_log as l
-- Up to now: without an upper bound a plan for any time span expects a third of the table.
where l.created_at > now() - %(time_span)s::interval and l.created_at <= now()
group by l.action, l.outcome
order by l.action, l.outcome;
