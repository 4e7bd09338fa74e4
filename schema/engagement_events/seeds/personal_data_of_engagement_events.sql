insert into app.personal_data (table_name, column_name, on_erasure, reason)
values
('public.engagement_events', 'user_id', 'delete', 'what the user did'),
('public.engagement_events_archive', 'user_id', 'delete', 'what the user did and deleted'),
('public.security_audit_log', 'user_id', 'keep', 'evidence: an id without its account names nobody'),
('app.erased_users', 'user_id', 'keep', 'the tombstone: without it a restore would bring the user back')
on conflict (table_name, column_name) do update
    set on_erasure = excluded.on_erasure, reason = excluded.reason;
