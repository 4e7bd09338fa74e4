-- Policies that narrow nothing, because another one for the same role lets every row in
select distinct
    'permissive_union' as finding,
    format('%I on %s', p.polname, p.polrelid::regclass) as subject,
    format('policies are united: beside %I, which is true for the same role, it has no effect', o.polname) as remedy
from pg_catalog.pg_policy as p
inner join pg_catalog.pg_policy as o
    on
        o.polrelid = p.polrelid
        and o.oid <> p.oid
        and o.polpermissive
        and o.polcmd in (p.polcmd, '*')
        and (o.polroles && p.polroles or 0 = any(o.polroles))
inner join pg_catalog.pg_class as c on c.oid = p.polrelid
inner join guarded_schemas as n on n.oid = c.relnamespace
where
    p.polpermissive
    and coalesce(pg_get_expr(o.polqual, o.polrelid), 'true') = 'true'
    and coalesce(pg_get_expr(o.polwithcheck, o.polrelid), 'true') = 'true'
    and (
        coalesce(pg_get_expr(p.polqual, p.polrelid), 'true') <> 'true'
        or coalesce(pg_get_expr(p.polwithcheck, p.polrelid), 'true') <> 'true'
    )
