insert into app.scheduled_jobs (name, routine, every)
values
('clean up inactive integrations', 'app.cleanup_inactive_integrations', '1 day'),
('clean up execution logs', 'app.cleanup_execution_logs', '1 hour')
on conflict do nothing;
