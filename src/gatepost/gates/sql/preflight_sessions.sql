-- Other sessions of this database, and transactions that are prepared: seconds since they began, 0 between two
select
    'session ' || a.pid || ' of ' || a.usename || coalesce(' (' || nullif(a.application_name, '') || ')', '') as what,
    case
        when a.query = '<insufficient privilege>' then null
        else coalesce(extract(epoch from clock_timestamp() - a.xact_start), 0)
    end::float8 as seconds
from pg_stat_activity as a
where
    a.datname = current_database()
    and a.pid <> pg_backend_pid()
    and a.backend_type = 'client backend'
union all
select
    'prepared transaction ' || p.gid as what,
    extract(epoch from clock_timestamp() - p.prepared)::float8 as seconds
from pg_prepared_xacts as p
where p.database = current_database();
