create view monitoring.finding_public_execute with (security_invoker = true) as
select distinct
    'public_execute' as finding,
    p.oid::regprocedure::text as subject,
    'revoke execute on function … from ' || coalesce(r.rolname, 'public') as remedy
from pg_catalog.pg_proc as p
inner join monitoring.guarded_schemas as n on p.pronamespace = n.oid
cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
left join pg_catalog.pg_roles as r on a.grantee = r.oid
where a.grantee = 0 or r.rolname = 'anon';
