-- The newest security events of an organization, for its admins
-- as: authenticated
-- index: idx_security_events_organization
-- parameter: organization_id uuid = {organization}
-- parameter: page_size int = 50
select
    e.occurred_at,
    e.kind,
    e.severity,
    e.actor_id,
    e.detail
from public.security_events as e
where e.organization_id = %(organization_id)s
order by e.occurred_at desc
limit %(page_size)s;
