-- Roles that row security does not hold, by themselves or through one whose member they are
select distinct
    'bypassing_role' as finding,
    r.rolname::text as subject,
    case
        when r.oid = b.oid then 'an application role must be neither superuser nor bypassrls'
        else format('revoke %I from %I: row security does not hold it', b.rolname, r.rolname)
    end collate "default" as remedy
from pg_catalog.pg_roles as r
inner join pg_catalog.pg_roles as b
    on
        (b.rolsuper or b.rolbypassrls)
        and (
            b.oid = r.oid
            or pg_has_role(r.oid, b.oid, 'usage')
            or (pg_has_role(r.oid, b.oid, 'member') and not r.rolcanlogin)
        )
where
    (
        r.oid in (select a.oid from api_roles as a where not a.is_service)
        or exists (
            select
            from pg_catalog.pg_class as c
            inner join guarded_schemas as n on n.oid = c.relnamespace
            where c.relowner = r.oid and c.relkind in ('r', 'p')
        )
        or exists (
            select
            from pg_catalog.pg_proc as f
            inner join guarded_schemas as n on n.oid = f.pronamespace
            where f.proowner = r.oid and f.prosecdef
        )
    )
