-- Tables and functions that a role of requests owns: it can take their row security away
select
    'owner_is_request_role' as finding,
    c.oid::regclass::text as subject,
    format('%I runs requests: alter … owner to a role that nobody logs in as', a.role_name) as remedy
from pg_catalog.pg_class as c
inner join guarded_schemas as n on n.oid = c.relnamespace
inner join api_roles as a on pg_has_role(a.oid, c.relowner, 'usage')
where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
union all
select
    'owner_is_request_role',
    p.oid::regprocedure::text,
    format('%I runs requests: alter … owner to a role that nobody logs in as', a.role_name)
from pg_catalog.pg_proc as p
inner join guarded_schemas as n on n.oid = p.pronamespace
inner join api_roles as a on pg_has_role(a.oid, p.proowner, 'usage')
