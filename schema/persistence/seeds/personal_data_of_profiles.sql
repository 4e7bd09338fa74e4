insert into app.personal_data (table_name, column_name, on_erasure, reason)
values
('public.profiles', 'user_id', 'delete', 'what the user''s browser was called')
on conflict (table_name, column_name) do update
    set on_erasure = excluded.on_erasure, reason = excluded.reason;
