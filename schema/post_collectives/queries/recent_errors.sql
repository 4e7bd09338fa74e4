-- The newest refused and failed operations of everybody
-- as: service_role
-- parameter: page_size int = 20
select
    l.id,
    l.created_at,
    l.action,
    l.outcome,
    l.post_id,
    l.collective_id,
    l.user_id,
    l.operation_id,
    l.error_code,
    l.detail
from public.post_collective_audit_log as l
where l.outcome in ('refused', 'failed')
order by l.created_at desc
limit %(page_size)s;
