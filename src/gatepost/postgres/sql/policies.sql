-- Row-level security policies; a partition's own ones only where its table has none of that name.
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
    ) || case when c.relkind = 'p' then jsonb_strip_nulls(jsonb_build_object('differs', (
        -- Partitions where it is missing or another one; without row security of its own a partition has none.
        select jsonb_agg(m.relname order by m.relname)
        from pg_partition_tree(c.oid) as t
        join pg_class as m on m.oid = t.relid
        left join pg_policy as o on o.polrelid = m.oid and o.polname = p.polname
        cross join lateral (
            select
                quote_ident(m.relname) || '.' as old,
                quote_ident(c.relname) || '.' as new
        ) as r
        where t.level > 0 and m.relkind <> 'f'
            and not (c.relrowsecurity and not m.relrowsecurity)
            and (o.polcmd, o.polpermissive, o.polroles, replace(pg_get_expr(o.polqual, o.polrelid), r.old, r.new), replace(pg_get_expr(o.polwithcheck, o.polrelid), r.old, r.new))
            is distinct from (p.polcmd, p.polpermissive, p.polroles, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
    ))) else '{}' end as definition
from pg_policy as p
join pg_class as c on c.oid = p.polrelid
join pg_namespace as n on n.oid = c.relnamespace
where (%(schema)s::text is null or n.nspname = %(schema)s)
    and (%(names)s::text[] is null or c.relname = any(%(names)s))
    and not (c.relispartition and exists (
        select
        from pg_partition_ancestors(c.oid) as a
        join pg_policy as above on above.polrelid = a.relid
        where a.relid <> c.oid and above.polname = p.polname
    ))
