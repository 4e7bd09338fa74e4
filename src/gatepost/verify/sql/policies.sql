-- Policies: command, roles, and which clauses they have.
select
    n.nspname as schema,
    c.relname as table,
    p.polname as name,
    p.polcmd::text as command,
    p.polpermissive as permissive,
    array(
        select coalesce(r.rolname::text, 'public')
        from unnest(p.polroles) as u (role)
        left join pg_roles as r on r.oid = u.role
        order by 1
    ) as roles,
    p.polqual is not null as has_using,
    p.polwithcheck is not null as has_check,
    obj_description(p.oid, 'pg_policy') as comment
from pg_policy as p
join pg_class as c on c.oid = p.polrelid
join pg_namespace as n on n.oid = c.relnamespace
