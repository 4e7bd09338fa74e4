create view monitoring.finding_row_security_not_forced with (security_invoker = true) as
select
    'row_security_not_forced' as finding,
    c.oid::regclass::text as subject,
    'alter table … enable row level security, force row level security' as remedy
from pg_catalog.pg_class as c
inner join monitoring.guarded_schemas as n on c.relnamespace = n.oid
where c.relkind in ('r', 'p') and not (c.relrowsecurity and c.relforcerowsecurity);
