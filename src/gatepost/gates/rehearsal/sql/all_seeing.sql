-- The roles that see every row of a table under row security: one policy always lets them, and none takes rows away
select
    n.nspname || '.' || c.relname as name,
    array_agg(distinct r.rolname::text) as roles
from pg_policy as p
inner join pg_class as c on p.polrelid = c.oid
inner join pg_namespace as n on c.relnamespace = n.oid
inner join pg_roles as r on r.oid = any(p.polroles)
where
    p.polpermissive
    and p.polcmd in ('r', '*')
    and pg_get_expr(p.polqual, p.polrelid) = 'true'
    and not exists (
        select
        from pg_policy as other
        where other.polrelid = c.oid and not other.polpermissive and other.polcmd in ('r', '*')
    )
group by n.nspname, c.relname;
