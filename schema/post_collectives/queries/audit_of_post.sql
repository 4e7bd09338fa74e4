-- What happened to the associations of a post, newest first, a page at a time
-- as: authenticated
-- index: idx_post_collective_audit_log_post
-- target: 1.5 ms
-- parameter: post_id uuid = {post}
-- parameter: before_id bigint = 9223372036854775807
-- parameter: page_size int = 50
select
    l.id,
    l.created_at,
    l.action,
    l.outcome,
    l.collective_id,
    l.user_id,
    l.operation_id,
    l.source,
    l.error_code,
    l.detail,
    l.duration_ms
from public.post_collective_audit_log as l
where l.post_id = %(post_id)s and l.id < %(before_id)s
order by l.id desc
limit %(page_size)s;
