-- What happened to the associations of a collective: for its owners and administrators
-- as: authenticated
-- index: idx_post_collective_audit_log_collective
-- grows: linear
-- parameter: collective_id uuid = {administered}
-- parameter: before_id bigint = 9223372036854775807
-- parameter: page_size int = 50
select
    l.id,
    l.created_at,
    l.action,
    l.outcome,
    l.post_id,
    l.user_id,
    l.error_code,
    l.detail
from public.post_collective_audit_log as l
-- Of a small collective, where row security lets the planner expect less than a page, all is read.
where l.collective_id = %(collective_id)s and l.id < %(before_id)s
order by l.id desc
limit %(page_size)s;
