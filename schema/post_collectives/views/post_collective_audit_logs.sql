create view public.post_collective_audit_logs with (security_invoker = true) as
select
    l.id,
    l.created_at,
    l.action,
    l.outcome,
    l.post_id,
    l.collective_id,
    l.author_id,
    l.user_id,
    l.operation_id,
    l.error_code,
    l.detail
from public.post_collective_audit_log as l;
