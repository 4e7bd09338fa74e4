create function app.sync_metrics(period interval default '1 hour')
returns table (
    pushes bigint,
    failed_pushes bigint,
    push_success_rate numeric,
    changes bigint,
    conflict_rate numeric,
    refused bigint,
    devices bigint,
    outbox_total bigint,
    outbox_largest bigint,
    migrations bigint,
    failed_migrations bigint,
    migration_success_rate numeric
)
language sql stable
as $$
with recent as (
    select p.*
    from public.sync_pushes as p
    where p.pushed_at >= now() - sync_metrics.period
),

waiting as (
    select distinct on (r.owner, r.device) greatest(r.outbox - r.applied - r.kept - r.refused, 0) as waits
    from recent as r
    order by r.owner, r.device, r.pushed_at desc
),

moves as (
    select m.outcome
    from public.migration_logs as m
    where m.started_at >= now() - sync_metrics.period
)

select
    p.pushes,
    p.failed,
    round(1 - p.failed::numeric / nullif(p.pushes, 0), 4),
    p.changes,
    round(p.conflicts::numeric / nullif(p.changes, 0), 4),
    p.refused,
    w.devices,
    w.total,
    w.largest,
    m.migrations,
    m.failed,
    round(1 - m.failed::numeric / nullif(m.migrations, 0), 4)
from (
    select
        count(*) as pushes,
        count(*) filter (where r.outcome = 'failed') as failed,
        coalesce(sum(r.applied + r.kept + r.refused), 0) as changes,
        coalesce(sum(r.conflicts), 0) as conflicts,
        coalesce(sum(r.refused), 0) as refused
    from recent as r
) as p
cross join (
    select
        count(*) as devices,
        coalesce(sum(w.waits), 0) as total,
        coalesce(max(w.waits), 0)::bigint as largest
    from waiting as w
) as w
cross join (
    select
        count(*) as migrations,
        count(*) filter (where m.outcome = 'failed') as failed
    from moves as m
) as m;
$$;
