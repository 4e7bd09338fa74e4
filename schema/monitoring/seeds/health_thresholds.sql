insert into monitoring.health_thresholds (component, warning, critical, unit, description)
values
('connections', 0.8, 0.95, 'share', 'connections in use of max_connections'),
('oldest_transaction', 300, 3600, 'seconds', 'age of the oldest open transaction: it holds back vacuum'),
('blocked_sessions', 10, 60, 'seconds', 'longest wait for a lock'),
('cache_misses', 0.05, 0.2, 'share', 'blocks that were not in the buffer cache'),
('invalid_indexes', 1, 10, 'indexes', 'indexes that a failed concurrent build left behind'),
('wraparound', 500000000, 1500000000, 'transactions', 'age of the oldest table; at 2 billion writes stop'),
('dead_tuples', 0.5, 2, 'share', 'dead rows per live row of the worst table'),
('replication_slots', 1024, 10240, 'megabytes', 'WAL kept back for a slot that nobody reads'),
('scheduled_jobs', 1, 3, 'jobs', 'jobs that failed last time or are overdue')
on conflict (component) do nothing;
