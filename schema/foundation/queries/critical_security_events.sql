-- The newest critical security events of all organizations
-- as: service_role
-- index: idx_critical_security_events
-- parameter: page_size int = 50
select
    e.occurred_at,
    e.organization_id,
    e.kind,
    e.actor_id,
    e.detail
from public.security_events as e
where e.severity = 'critical'
order by e.occurred_at desc
limit %(page_size)s;
