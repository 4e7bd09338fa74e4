-- Which events, such as lines of the server's log, are recorded already
-- as: service_role
-- index: idx_post_collective_audit_log_event_key
-- parameter: keys text[] = 0.0/1, 0.0/2 ~ public.post_collective_audit_log.event_key
select l.event_key
from public.post_collective_audit_log as l
where l.event_key is not null and l.event_key = any(%(keys)s);
