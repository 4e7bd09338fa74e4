-- Functions that everybody or anon may call
select distinct
    'public_execute' as finding,
    p.oid::regprocedure::text as subject,
    'revoke execute on function … from ' || coalesce(r.rolname, 'public') as remedy
from pg_catalog.pg_proc as p
inner join guarded_schemas as n on n.oid = p.pronamespace
cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as x
left join pg_catalog.pg_roles as r on r.oid = x.grantee
where x.grantee = 0 or r.rolname = 'anon'
