insert into app.personal_data (table_name, column_name, on_erasure, reason)
values
('public.integrations', 'created_by', 'anonymize', 'the integration belongs to the organization'),
('public.integrations', 'updated_by', 'anonymize', 'the integration belongs to the organization')
on conflict (table_name, column_name) do update
    set on_erasure = excluded.on_erasure, reason = excluded.reason;
