insert into app.scheduled_jobs (name, routine, every)
values ('archive deleted engagement events', 'app.archive_old_deleted_events', '10 minutes')
on conflict do nothing;
