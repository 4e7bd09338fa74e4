-- Event triggers of the application: they run with whoever changes the database
select
    'event_trigger' as finding,
    e.evtname::text as subject,
    'it runs as whoever changes the database, superusers too: drop event trigger' as remedy
from pg_catalog.pg_event_trigger as e
inner join pg_catalog.pg_proc as p on p.oid = e.evtfoid
inner join guarded_schemas as n on n.oid = p.pronamespace
