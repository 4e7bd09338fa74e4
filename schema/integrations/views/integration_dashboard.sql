create view public.integration_dashboard with (security_invoker = true) as
select
    i.organization_id,
    i.id as integration_id,
    i.type,
    t.name as type_name,
    i.name,
    i.status,
    i.last_used_at,
    coalesce(u.executions, 0) as executions_7d,
    coalesce(u.failed, 0) as failed_7d,
    round(u.failed / nullif(u.succeeded + u.failed, 0), 4) as failure_rate_7d,
    round(u.duration_ms / nullif(u.succeeded + u.failed, 0)) as mean_duration_ms_7d
from public.integrations as i
inner join public.integration_types as t on i.type = t.type
left join lateral (
    select
        sum(d.executions) as executions,
        sum(d.succeeded) as succeeded,
        sum(d.failed) as failed,
        sum(d.duration_ms) as duration_ms
    from public.integration_usage_daily as d
    where
        d.organization_id = i.organization_id
        and d.integration_id = i.id
        and d.day > (now() at time zone 'UTC')::date - 7
) as u on true;
