insert into app.scheduled_jobs (name, routine, every)
values
('clean up receipts of pushes', 'app.cleanup_sync_pushes', '1 hour')
on conflict do nothing;
