-- Tables with policies that nobody heeds
select
    'policy_without_row_security' as finding,
    c.oid::regclass::text as subject,
    'the table has policies, but row security is off: alter table … enable row level security' as remedy
from pg_catalog.pg_class as c
inner join guarded_schemas as n on n.oid = c.relnamespace
where
    not c.relrowsecurity
    and not c.relispartition
    and exists (select from pg_catalog.pg_policy as p where p.polrelid = c.oid)
