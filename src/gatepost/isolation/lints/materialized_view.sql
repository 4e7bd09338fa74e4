-- Materialized views that show requests what their owner saw
select distinct
    'materialized_view' as finding,
    c.oid::regclass::text as subject,
    'it holds rows of every tenant and has no row security: revoke it, and show it through a function' as remedy
from pg_catalog.pg_class as c
inner join guarded_schemas as n on n.oid = c.relnamespace
cross join lateral aclexplode(c.relacl) as x
where
    c.relkind = 'm'
    and (x.grantee = 0 or x.grantee in (select a.oid from api_roles as a where not a.is_service))
