-- Views: owner and options.
select
    n.nspname as schema,
    c.relname as name,
    c.relkind::text as kind,
    pg_get_userbyid(c.relowner) as owner,
    coalesce(c.reloptions, '{}') as options,
    obj_description(c.oid, 'pg_class') as comment
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
where c.relkind in ('v', 'm')
