insert into app.personal_data (table_name, column_name, on_erasure, reason)
values
('public.collectives', 'created_by', 'anonymize', 'the collective stays for its other members'),
('public.collectives', 'updated_by', 'anonymize', 'the collective stays for its other members'),
('public.collective_members', 'user_id', 'delete', 'what the user belonged to'),
('public.collective_members', 'created_by', 'anonymize', 'the membership is somebody else''s'),
('public.collective_members', 'updated_by', 'anonymize', 'the membership is somebody else''s'),
('public.posts', 'author_id', 'delete', 'what the user wrote'),
('public.post_collectives', 'author_id', 'delete', 'where the user shared it'),
('public.post_collectives', 'created_by', 'anonymize', 'the post is somebody else''s'),
('public.post_collectives', 'updated_by', 'anonymize', 'the post is somebody else''s'),
('public.post_drafts', 'author_id', 'delete', 'what the user was writing'),
('public.post_draft_saves', 'author_id', 'delete', 'what the user was writing'),
('public.comments', 'author_id', 'delete', 'what the user answered'),
('public.comments', 'created_by', 'anonymize', 'the comment is somebody else''s'),
('public.comments', 'updated_by', 'anonymize', 'the comment is somebody else''s'),
('public.reactions', 'user_id', 'delete', 'what the user liked'),
(
    'public.post_collective_audit_log', 'user_id', 'keep',
    'append-only evidence: an id without its account names nobody'
),
(
    'public.post_collective_audit_log', 'author_id', 'keep',
    'append-only evidence: an id without its account names nobody'
)
on conflict (table_name, column_name) do update
    set on_erasure = excluded.on_erasure, reason = excluded.reason;
