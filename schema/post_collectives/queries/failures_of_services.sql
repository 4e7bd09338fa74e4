-- Failures that services wrote down lately and that the server's log has too, by second
-- as: service_role
-- grows: linear
-- parameter: time_span interval = 2 days
select
    l.detail ->> 'sqlstate' as sqlstate,
    floor(extract(epoch from (l.detail ->> 'occurred_at')::timestamptz))::bigint as second_of_epoch
from public.post_collective_audit_log as l
where
    l.outcome in ('refused', 'failed')
    and l.created_at > now() - %(time_span)s::interval
    and l.source = 'service'
    and l.detail ? 'sqlstate';
