-- Which lines of the server's log are recorded already
-- as: service_role
-- index: idx_post_collective_audit_log_position
-- parameter: positions text[] = 0.0/1, 0.0/2 ~ public.post_collective_audit_log.log_position
select l.log_position
from public.post_collective_audit_log as l
where l.log_position is not null and l.log_position = any(%(positions)s);
