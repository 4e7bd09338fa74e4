-- Schemas and their owners.
select
    n.nspname as name,
    pg_get_userbyid(n.nspowner) as owner
from pg_namespace as n
