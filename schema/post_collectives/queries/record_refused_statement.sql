-- Write down a statement that the server refused to somebody who connects directly; once
-- as: service_role
-- parameter: action text = create
-- parameter: outcome text = refused
-- parameter: database_role text = authenticator
-- parameter: error_code text = 42501
-- parameter: detail jsonb = {"statement": "insert"}
-- parameter: event_key text = 0.0/1
insert into public.post_collective_audit_log
(action, outcome, database_role, source, error_code, detail, event_key)
values (
    %(action)s, %(outcome)s, %(database_role)s, 'server_log', %(error_code)s, %(detail)s, %(event_key)s
)
on conflict (event_key) where event_key is not null do nothing;
