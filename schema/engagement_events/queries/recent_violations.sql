-- How many accesses row security refused lately
-- as: service_role
-- index: idx_security_audit_log_type
-- grows: linear
-- parameter: event_type text = rls_violation
-- parameter: within interval = 5 minutes
select
    count(*) as violations,
    max(l.timestamp) as newest
from public.security_audit_log as l
where l.event_type = %(event_type)s and l.timestamp > now() - %(within)s::interval;
