-- Row-level security policies.
select
    n.nspname as schema,
    c.relname as name,
    p.polname as object,
    jsonb_build_object(
        'command', case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
        'roles', (
            select jsonb_agg(g.name order by g.name)
            from (
                select case when r.oid = 0 then 'public' else pg_get_userbyid(r.oid) end as name
                from unnest(p.polroles) as r (oid)
            ) as g
        ),
        'using', pg_get_expr(p.polqual, p.polrelid),
        'check', pg_get_expr(p.polwithcheck, p.polrelid),
        'permissive', p.polpermissive,
        'comment', obj_description(p.oid, 'pg_policy')
    ) as definition
from pg_policy as p
join pg_class as c on c.oid = p.polrelid
join pg_namespace as n on n.oid = c.relnamespace
where (%(schema)s::text is null or n.nspname = %(schema)s)
    and (%(name)s::text is null or c.relname = %(name)s)
