create function app.integration_health(organization uuid)
returns table (integration_id uuid, type text, name text, health text, reason text)
language sql stable parallel safe
as $$
    select
        d.integration_id,
        d.type,
        d.name,
        case
            when d.status = 'inactive' then 'inactive'
            when d.status = 'error' or d.failure_rate_7d >= 0.5 then 'failing'
            when d.failure_rate_7d >= 0.1 then 'degraded'
            when d.executions_7d = 0 then 'unused'
            else 'healthy'
        end,
        case
            when d.status <> 'active' then 'status is ' || d.status
            when d.executions_7d = 0 then 'no execution in 7 days'
            else d.failed_7d || ' of ' || d.executions_7d || ' executions failed in 7 days'
        end
    from public.integration_dashboard as d
    where d.organization_id = integration_health.organization
$$;
