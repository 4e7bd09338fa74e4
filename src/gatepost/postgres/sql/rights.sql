-- What the deployer may do where an object is or is to be; null where there is no such schema or object.
select
    current_user as deployer,
    current_database() as database,
    to_regnamespace('gatepost') is not null
    or has_database_privilege(current_database(), 'create') as may_keep_ledger,
    (
        select has_schema_privilege(n.oid, 'create')
        from pg_namespace as n
        where n.nspname = %(schema)s
    ) as may_create,
    (
        -- A view or function can be dropped and made anew by the owner of its schema.
        select bool_or(pg_has_role(o.owner, 'usage'))
        from (
            select unnest(case when c.relkind = 'v' then array[c.relowner, n.nspowner] else array[c.relowner] end) as owner
            from pg_class as c
            inner join pg_namespace as n on c.relnamespace = n.oid
            where n.nspname = %(schema)s and c.relname = %(name)s and %(kind)s <> 'functions'
            union all
            select unnest(array[p.proowner, n.nspowner])
            from pg_proc as p
            inner join pg_namespace as n on p.pronamespace = n.oid
            where n.nspname = %(schema)s and p.proname = %(name)s and %(kind)s = 'functions'
        ) as o
    ) as owns
