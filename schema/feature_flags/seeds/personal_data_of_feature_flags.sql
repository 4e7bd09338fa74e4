insert into app.personal_data (table_name, column_name, on_erasure, reason)
values
('app.segment_members', 'unit', 'delete', 'what the user was chosen for'),
(
    'app.feature_flag_changes', 'actor_id', 'keep',
    'append-only evidence: an id without its account names nobody'
)
on conflict (table_name, column_name) do update
    set on_erasure = excluded.on_erasure, reason = excluded.reason;
