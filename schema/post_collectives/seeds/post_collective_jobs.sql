insert into app.scheduled_jobs (name, routine, every)
values
('trim saves of post drafts', 'app.trim_post_draft_saves', '1 hour')
on conflict do nothing;
