-- Updates and deletes that find no row, because their role may not see any
select distinct
    'missing_select' as finding,
    format('%I on %s', p.polname, p.polrelid::regclass) as subject,
    format('%s sees no row to change: give it a policy for select too', r.rolname) as remedy
from pg_catalog.pg_policy as p
inner join pg_catalog.pg_class as c on c.oid = p.polrelid
inner join guarded_schemas as n on n.oid = c.relnamespace
cross join lateral unnest(p.polroles) as u (role_oid)
inner join pg_catalog.pg_roles as r on r.oid = u.role_oid
where
    p.polcmd in ('w', 'd')
    and p.polpermissive
    and not exists (
        select
        from pg_catalog.pg_policy as s
        where
            s.polrelid = p.polrelid
            and s.polpermissive
            and s.polcmd in ('r', '*')
            and (
                0 = any(s.polroles)
                or exists (
                    select from unnest(s.polroles) as g (role_oid)
                    where g.role_oid <> 0 and pg_has_role(r.oid, g.role_oid, 'usage')
                )
            )
    )
