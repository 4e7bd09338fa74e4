-- How a component of the system fared lately
-- as: app_monitor
-- index: idx_system_health_checks_component
-- parameter: component text = connections ~ monitoring.system_health_checks.component
-- parameter: page_size int = 100
select
    c.checked_at,
    c.status,
    c.measure,
    c.detail
from monitoring.system_health_checks as c
where c.component = %(component)s
order by c.checked_at desc
limit %(page_size)s;
