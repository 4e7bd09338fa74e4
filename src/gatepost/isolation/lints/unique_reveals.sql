-- Unique keys by which a role of requests can find out what others have
select distinct
    'unique_reveals' as finding,
    format('%I on %s', i.relname, c.oid::regclass) as subject,
    format('%s learns of rows that it cannot see: lead the key with the tenant', a.role_name) as remedy
from pg_catalog.pg_index as x
inner join pg_catalog.pg_class as i on i.oid = x.indexrelid
inner join pg_catalog.pg_class as c on c.oid = x.indrelid
inner join guarded_schemas as n on n.oid = c.relnamespace
inner join api_roles as a on not a.is_service
where
    x.indisunique
    and not c.relispartition
    and exists (
        select
        from pg_catalog.pg_attribute as k
        where
            k.attrelid = c.oid
            and k.attnum = any(x.indkey::int2[])
            and k.atttypid <> 'uuid'::regtype
            and (
                has_column_privilege(a.oid, c.oid, k.attnum, 'insert')
                or has_column_privilege(a.oid, c.oid, k.attnum, 'update')
            )
    )
    and not exists (
        select
        from pg_catalog.pg_depend as d
        where
            d.classid = 'pg_catalog.pg_policy'::regclass
            and d.refclassid = 'pg_catalog.pg_class'::regclass
            and d.refobjid = c.oid
            and d.refobjsubid <> 0
            and d.refobjsubid = any(x.indkey::int2[])
    )
    and not exists (
        select
        from pg_catalog.pg_policy as p
        where
            p.polrelid = c.oid
            and p.polcmd in ('r', '*')
            and a.oid = any(p.polroles)
            and pg_get_expr(p.polqual, p.polrelid) = 'true'
    )
