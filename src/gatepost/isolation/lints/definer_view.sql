-- Views that read with their owner's rights
select
    'definer_view' as finding,
    c.oid::regclass::text as subject,
    'the view reads with its owner''s rights: create it with (security_invoker = true)' as remedy
from pg_catalog.pg_class as c
inner join guarded_schemas as n on n.oid = c.relnamespace
where
    c.relkind = 'v'
    and not coalesce(
        c.reloptions && '{security_invoker=true,security_invoker=on,security_invoker=1,security_invoker=yes}', false
    )
