-- Write down an operation that was refused or failed, although it was rolled back
-- as: service_role
-- parameter: action text = create
-- parameter: outcome text = refused
-- parameter: post_id uuid = {post}
-- parameter: collective_id uuid = {collective}
-- parameter: user_id uuid = {member}
-- parameter: database_role text = authenticated
-- parameter: operation_id uuid = 00000000-0000-4000-8000-00000000beef
-- parameter: error_code text = posting_not_allowed
-- parameter: detail jsonb = {"collectives": 2}
-- parameter: duration_ms numeric = 1.5
-- parameter: event_key text = operation/1
insert into public.post_collective_audit_log
(
    action, outcome, post_id, collective_id, author_id, user_id, database_role,
    operation_id, source, error_code, detail, duration_ms, event_key
)
values
(
    %(action)s,
    %(outcome)s,
    %(post_id)s,
    %(collective_id)s,
    (
        select p.author_id
        from public.posts as p
        where p.id = %(post_id)s
    ),
    %(user_id)s,
    %(database_role)s,
    %(operation_id)s,
    'service',
    %(error_code)s,
    %(detail)s,
    %(duration_ms)s,
    %(event_key)s
)
on conflict (event_key) where event_key is not null do nothing;
