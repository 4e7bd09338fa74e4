-- Policies that name no role
select
    'policy_for_public' as finding,
    format('%I on %s', p.polname, p.polrelid::regclass) as subject,
    format('alter policy %I on %s to authenticated', p.polname, p.polrelid::regclass) as remedy
from pg_catalog.pg_policy as p
inner join pg_catalog.pg_class as c on c.oid = p.polrelid
inner join guarded_schemas as n on n.oid = c.relnamespace
where 0 = any(p.polroles)
