-- How far the statement of one server process has come, and whom it waits for.
select
    coalesce(p.phase, case when f.process is not null then 'filling rows' end) as phase,
    coalesce(nullif(p.blocks_done, 0), p.tuples_done, f.filled) as done,
    coalesce(nullif(p.blocks_total, 0), p.tuples_total, f.total) as total,
    a.wait_event_type = 'Lock' as waits,
    (
        select string_agg('process ' || b.pid || ' of ' || coalesce(b.usename, 'nobody'), ', ' order by b.pid)
        from pg_stat_activity as b
        where b.pid = any(pg_blocking_pids(a.pid))
    ) as blockers
from pg_stat_activity as a
left join pg_stat_progress_create_index as p on p.pid = a.pid
left join gatepost.backfills as f on f.process = a.pid and f.finished_at is null
where a.pid = %(pid)s
