-- Every policy as it is written, with the roles that it names.
select
    n.nspname || '.' || c.relname as table_name,
    p.polname::text as name,
    p.polpermissive as permissive,
    case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end
    as command,
    array(
        select case u.oid when 0 then 'public' else pg_get_userbyid(u.oid) end
        from unnest(p.polroles) as u (oid)
        order by 1
    ) as roles,
    pg_get_expr(p.polqual, p.polrelid) as using_text,
    pg_get_expr(p.polwithcheck, p.polrelid) as check_text
from pg_policy as p
inner join pg_class as c on c.oid = p.polrelid
inner join pg_namespace as n on n.oid = c.relnamespace
where not c.relispartition
order by 1, 2
