insert into app.personal_data (table_name, column_name, on_erasure, reason)
values
('public.users', 'id', 'delete', 'the account itself'),
('public.users', 'created_by', 'anonymize', 'the account belongs to somebody else'),
('public.users', 'updated_by', 'anonymize', 'the account belongs to somebody else'),
('public.memberships', 'user_id', 'delete', 'what the user belonged to'),
('public.memberships', 'created_by', 'anonymize', 'the membership is somebody else''s'),
('public.memberships', 'updated_by', 'anonymize', 'the membership is somebody else''s'),
('public.organizations', 'created_by', 'anonymize', 'the organization stays for its other members'),
('public.organizations', 'updated_by', 'anonymize', 'the organization stays for its other members'),
('public.security_events', 'actor_id', 'keep', 'append-only evidence: an id without its account names nobody')
on conflict (table_name, column_name) do update
    set on_erasure = excluded.on_erasure, reason = excluded.reason;
