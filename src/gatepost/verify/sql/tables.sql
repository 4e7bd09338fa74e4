-- Tables: kind, row security, owner.
select
    n.nspname as schema,
    c.relname as name,
    c.relkind::text as kind,
    c.relrowsecurity as row_security,
    c.relforcerowsecurity as forced,
    pg_get_userbyid(c.relowner) as owner,
    obj_description(c.oid, 'pg_class') as comment,
    pc.relname as parent
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
left join pg_inherits as i on c.relispartition and i.inhrelid = c.oid
left join pg_class as pc on pc.oid = i.inhparent
where c.relkind in ('r', 'p')
