insert into app.personal_data (table_name, column_name, on_erasure, reason)
values
('public.groups', 'user_id', 'delete', 'the user''s own groups'),
('public.students', 'user_id', 'delete', 'the user''s own students'),
('public.attendance_records', 'user_id', 'delete', 'the user''s own records'),
('public.completed_makeup_sessions', 'user_id', 'delete', 'the user''s own records'),
('public.archived_terms', 'user_id', 'delete', 'the user''s own terms'),
('public.sync_pushes', 'user_id', 'delete', 'receipts with the user''s rows in them'),
('public.migration_logs', 'user_id', 'delete', 'which guest the user had been')
on conflict (table_name, column_name) do update
    set on_erasure = excluded.on_erasure, reason = excluded.reason;
