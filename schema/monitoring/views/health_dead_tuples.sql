create view monitoring.health_dead_tuples with (security_invoker = true) as
select
    'dead_tuples' as component,
    coalesce(max(round(s.n_dead_tup::numeric / greatest(s.n_live_tup, 1), 4)), 0) as measure,
    coalesce(
        string_agg(format('%s: %s dead', s.relid::regclass, s.n_dead_tup), ', ' order by s.n_dead_tup desc),
        'no table has more than 1000 dead rows'
    ) as detail
from pg_catalog.pg_stat_user_tables as s
where s.n_dead_tup > 1000;
