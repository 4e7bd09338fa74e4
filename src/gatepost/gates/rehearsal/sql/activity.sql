-- What goes on at this moment: locks of the deployment, clients that wait for it, its running statements
with ours as (
    select
        a.pid,
        a.query,
        extract(epoch from clock_timestamp() - a.query_start)::float8 as seconds
    from pg_stat_activity as a
    where a.datname = current_database() and a.application_name = 'gatepost'
),

locks as (
    select
        l.pid,
        l.mode,
        l.granted,
        n.nspname || '.' || c.relname as name,
        extract(epoch from clock_timestamp() - l.waitstart)::float8 as seconds
    from pg_locks as l
    inner join pg_class as c on l.relation = c.oid
    inner join pg_namespace as n on c.relnamespace = n.oid
    where
        l.database = (select d.oid from pg_database as d where d.datname = current_database())
        and c.relkind in ('r', 'p', 'm')
        and n.nspname not in ('pg_catalog', 'pg_toast', 'gatepost')
)

select
    'lock' as what,
    l.pid,
    l.name,
    l.mode as detail,
    0::float8 as seconds
from locks as l
where
    l.granted
    and l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
    and l.pid in (select o.pid from ours as o)
union all
select
    'wait' as what,
    l.pid,
    l.name,
    l.mode as detail,
    coalesce(l.seconds, 0) as seconds
from locks as l
where not l.granted and l.pid not in (select o.pid from ours as o)
union all
select
    'statement' as what,
    o.pid,
    o.query as name,
    '' as detail,
    o.seconds
from ours as o
inner join pg_stat_activity as a on o.pid = a.pid
where a.state = 'active';
