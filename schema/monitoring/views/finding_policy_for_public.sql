create view monitoring.finding_policy_for_public with (security_invoker = true) as
select
    'policy_for_public' as finding,
    format('%I on %s', p.polname, p.polrelid::regclass) as subject,
    format('alter policy %I on %s to authenticated', p.polname, p.polrelid::regclass) as remedy
from pg_catalog.pg_policy as p
inner join pg_catalog.pg_class as c on p.polrelid = c.oid
inner join monitoring.guarded_schemas as n on c.relnamespace = n.oid
where 0 = any(p.polroles);
