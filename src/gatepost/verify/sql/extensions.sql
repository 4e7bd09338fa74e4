-- Installed extensions.
select
    e.extname as name,
    n.nspname as schema,
    e.extversion as version
from pg_extension as e
join pg_namespace as n on n.oid = e.extnamespace
