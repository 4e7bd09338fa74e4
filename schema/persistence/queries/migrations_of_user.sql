-- Whether an account has taken over a guest's rows: the newest attempt
-- as: authenticated
-- index: idx_migration_logs_user
-- parameter: user_id uuid = {member}
-- parameter: client_id text = {device}
select
    m.id,
    m.started_at,
    m.outcome,
    m.moved,
    m.verified,
    m.problem
from public.migration_logs as m
where m.user_id = %(user_id)s and m.client_id = %(client_id)s
order by m.started_at desc
limit 1;
