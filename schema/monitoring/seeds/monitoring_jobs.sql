insert into app.scheduled_jobs (name, routine, every)
values ('record system health', 'monitoring.record_system_health', '5 minutes')
on conflict do nothing;
