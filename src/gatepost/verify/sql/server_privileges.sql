-- What was granted on the server's own settings, relations and functions, beyond what it came with.
select coalesce(r.rolname::text, 'public') as role, 'parameter ' || p.parname as name, lower(x.privilege_type) as privilege
from pg_parameter_acl as p
cross join aclexplode(p.paracl) as x
left join pg_roles as r on r.oid = x.grantee
union all
select coalesce(r.rolname::text, 'public'), o.name, lower(x.privilege_type)
from (
    select 'pg_class'::regclass as catalog, c.oid, c.oid::regclass::text as name, c.relacl as acl, c.relnamespace as namespace
    from pg_class as c
    union all
    select 'pg_proc'::regclass, f.oid, f.oid::regprocedure::text, f.proacl, f.pronamespace from pg_proc as f
) as o
cross join aclexplode(o.acl) as x
left join pg_roles as r on r.oid = x.grantee
where o.namespace = 'pg_catalog'::regnamespace and o.oid < 16384
    and not (o.catalog = 'pg_proc'::regclass and x.grantee = 0 and not exists (
        select from pg_init_privs as i where i.classoid = o.catalog and i.objoid = o.oid
    ))
    and not exists (
        select
        from pg_init_privs as i
        cross join aclexplode(i.initprivs) as y
        where i.classoid = o.catalog and i.objoid = o.oid and i.objsubid = 0
            and (y.grantee, y.privilege_type) = (x.grantee, x.privilege_type)
    )
