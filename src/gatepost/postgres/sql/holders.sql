-- Who else holds a lock on a relation now: the first few, by name.
select string_agg(h.holder, ', ' order by h.pid) from (
    select
        a.pid,
        'process ' || a.pid || ' of ' || coalesce(a.usename, 'nobody')
        || coalesce(' (' || nullif(a.application_name, '') || ')', '') as holder
    from pg_class as c
    join pg_namespace as n on n.oid = c.relnamespace
    join pg_locks as l on l.relation = c.oid and l.granted
    join pg_stat_activity as a on a.pid = l.pid
    where n.nspname || '.' || c.relname = %(relation)s
        and l.database = (select d.oid from pg_database as d where d.datname = current_database())
        and a.pid <> pg_backend_pid()
    group by a.pid, a.usename, a.application_name
    order by a.pid
    limit 3
) as h
