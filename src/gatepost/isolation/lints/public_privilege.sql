-- Tables open to everybody, or to anon without a policy that says to which rows
select
    'public_privilege' as finding,
    p.oid::regclass::text as subject,
    format(
        'revoke %s on %s from %s',
        string_agg(distinct (p.given).privilege_type, ', '), p.oid::regclass, coalesce(r.rolname, 'public')
    ) as remedy
from (
    select
        c.oid,
        c.relnamespace,
        aclexplode(c.relacl) as given
    from pg_catalog.pg_class as c
    union all
    select
        c.oid,
        c.relnamespace,
        aclexplode(t.attacl) as given
    from pg_catalog.pg_attribute as t
    inner join pg_catalog.pg_class as c on c.oid = t.attrelid
) as p
inner join guarded_schemas as n on n.oid = p.relnamespace
left join pg_catalog.pg_roles as r on r.oid = (p.given).grantee
where
    ((p.given).grantee = 0 or r.rolname = 'anon')
    -- What visitors may read is meant where a policy of the table names them.
    and not (
        (p.given).privilege_type = 'SELECT'
        and exists (
            select
            from pg_catalog.pg_policy as y
            inner join pg_catalog.pg_class as c on c.oid = y.polrelid
            where
                y.polrelid = p.oid
                and c.relforcerowsecurity
                and y.polcmd = 'r'
                and (p.given).grantee = any(y.polroles)
                and (p.given).grantee <> 0
        )
    )
group by p.oid, r.rolname
