-- Whether the platform is in maintenance: the newest status
-- as: authenticated
select
    s.maintenance_mode,
    s.message,
    s.expected_until,
    s.changed_at
from public.system_status as s
order by s.id desc
limit 1;
