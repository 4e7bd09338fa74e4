-- Whether this month and the next one have a partition for events
-- as: service_role
select bool_and(to_regclass('public.engagement_events_' || to_char(m.first_day, 'YYYY_MM')) is not null)
from generate_series(
    date_trunc('month', now() at time zone 'UTC'),
    date_trunc('month', now() at time zone 'UTC') + interval '1 month',
    interval '1 month'
) as m (first_day);
