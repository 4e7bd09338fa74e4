-- Foreign keys by which a role of requests can find out what others have
select distinct
    'foreign_key_reveals' as finding,
    format('%I on %s', f.conname, f.conrelid::regclass) as subject,
    format('%s learns of rows of %s that it cannot see: carry the tenant in the key', a.role_name, f.confrelid::regclass)
    as remedy
from pg_catalog.pg_constraint as f
inner join pg_catalog.pg_class as c on c.oid = f.conrelid
inner join guarded_schemas as n on n.oid = c.relnamespace
inner join pg_catalog.pg_class as t on t.oid = f.confrelid and t.relrowsecurity
inner join api_roles as a on not a.is_service
where
    f.contype = 'f'
    and f.conparentid = 0
    and exists (
        select
        from unnest(f.conkey) as k (attnum)
        where
            has_column_privilege(a.oid, c.oid, k.attnum, 'insert')
            or has_column_privilege(a.oid, c.oid, k.attnum, 'update')
    )
    and not exists (
        select
        from pg_catalog.pg_policy as p
        where
            p.polrelid = t.oid
            and p.polcmd in ('r', '*')
            and a.oid = any(p.polroles)
            and pg_get_expr(p.polqual, p.polrelid) = 'true'
    )
    and not exists (
        select
        from pg_catalog.pg_depend as d
        where
            d.classid = 'pg_catalog.pg_policy'::regclass
            and d.refclassid = 'pg_catalog.pg_class'::regclass
            and d.refobjsubid <> 0
            and (
                (d.refobjid = t.oid and d.refobjsubid = any(f.confkey))
                or (d.refobjid = c.oid and d.refobjsubid = any(f.conkey))
            )
    )
