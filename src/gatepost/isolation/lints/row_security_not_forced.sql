-- Tables whose owner escapes row security, or everybody does
select
    'row_security_not_forced' as finding,
    c.oid::regclass::text as subject,
    'alter table … enable row level security, force row level security' as remedy
from pg_catalog.pg_class as c
inner join guarded_schemas as n on n.oid = c.relnamespace
where
    c.relkind in ('r', 'p')
    and not c.relispartition
    and not (c.relrowsecurity and c.relforcerowsecurity)
    and (c.relrowsecurity or not exists (select from pg_catalog.pg_policy as p where p.polrelid = c.oid))
