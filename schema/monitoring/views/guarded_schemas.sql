create view monitoring.guarded_schemas with (security_invoker = true) as
select
    n.oid,
    n.nspname as schema_name,
    n.nspacl as schema_acl
from pg_catalog.pg_namespace as n
where n.nspname in ('public', 'app', 'monitoring');
