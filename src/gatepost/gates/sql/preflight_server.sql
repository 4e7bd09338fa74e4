-- The server in a row: version, whether it takes writes, what its databases and its largest table have
select
    current_setting('server_version') as version,
    not pg_is_in_recovery() and current_setting('default_transaction_read_only') = 'off' as writable,
    (
        select coalesce(sum(pg_database_size(d.oid)), 0)::bigint
        from pg_database as d
        where has_database_privilege(d.oid, 'connect')
    ) as used,
    (
        select coalesce(max(pg_total_relation_size(c.oid)), 0)
        from pg_class as c
        where c.relkind in ('r', 'm') and c.relnamespace <> 'pg_catalog'::regnamespace
    ) as largest;
