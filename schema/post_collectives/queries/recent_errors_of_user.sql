-- The newest refused and failed operations of a user
-- as: service_role
-- index: idx_post_collective_audit_log_user_errors
-- parameter: user_id uuid = {member}
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
where l.outcome in ('refused', 'failed') and l.user_id = %(user_id)s
order by l.id desc
limit %(page_size)s;
