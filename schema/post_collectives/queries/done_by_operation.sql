-- What an operation did to a post whose answer was lost: so that its repetition can tell
-- as: authenticated
-- index: idx_post_collective_audit_log_operation
-- parameter: operation_id uuid = {operation}
-- parameter: action text = create
select l.collective_id
from public.post_collective_audit_log as l
where l.operation_id = %(operation_id)s and l.action = %(action)s and l.outcome = 'succeeded';
