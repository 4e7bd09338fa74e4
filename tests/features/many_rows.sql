-- 200,000 integrations and as many executions; Acme has its share of each.
set session_replication_role = replica;
insert into organizations (id, name, slug)
    select md5('o' || n)::uuid, 'Organization ' || n, 'o-' || n from generate_series(1, 100000) as n;
insert into users (id, email) select md5('u' || n)::uuid, 'u' || n || '@x.example' from generate_series(1, 20000) as n;
insert into memberships (organization_id, user_id, role)
    select md5('o' || n)::uuid, md5('u' || n % 20000 + 1)::uuid, case n % 3 when 0 then 'admin' else 'member' end
    from generate_series(1, 100000) as n;
insert into memberships (organization_id, user_id, role)
    select '00000000-0000-4000-8000-00000000000a', md5('u' || n)::uuid, case n % 100 when 0 then 'admin' else 'member' end
    from generate_series(1, 2000) as n;
insert into integration_types (type, name) select 'type_' || n, 'Type ' || n from generate_series(1, 200) as n;
insert into integrations (organization_id, type, name, status, last_used_at)
    select md5('o' || n)::uuid, type, type, (array['active', 'active', 'inactive', 'error'])[1 + n % 4],
        now() - n * interval '1 minute'
    from generate_series(1, 100000) as n, unnest(array['email', 'whatsapp']) as type;
insert into integrations (organization_id, type, name, status)
    select '00000000-0000-4000-8000-00000000000a', 'type_' || n, 'Name ' || n, (array['active', 'inactive'])[1 + least(1, n % 10)]
    from generate_series(1, 200) as n;
insert into workflow_execution_logs
    (organization_id, integration_id, workflow, status, started_at, finished_at, created_at)
    select '00000000-0000-4000-8000-00000000000a', case n % 3 when 0 then '00000000-0000-4000-8000-0000000001a1'::uuid end,
        (array['send_reminder', 'a', 'b', 'c'])[1 + n % 4],
        case n % 50 when 0 then 'failed' when 1 then 'running' else 'succeeded' end,
        at, case n % 50 when 1 then null else at + interval '1 second' end, at
    from generate_series(1, 200000) as n, lateral (select now() - (200000 - n) * interval '1 minute' as at) as t;
insert into integration_usage_daily (organization_id, integration_id, day, executions)
    select i.organization_id, i.id, current_date - n, 1
    from integrations as i, generate_series(1, 400) as n where i.organization_id = '00000000-0000-4000-8000-00000000000a'
    on conflict do nothing;
insert into security_events (organization_id, kind, severity, occurred_at)
    select md5('o' || n % 1000)::uuid, 'a.b', case n % 500 when 0 then 'critical' else 'info' end,
        now() - n * interval '1 minute'
    from generate_series(1, 50000) as n;
insert into security_events (organization_id, kind) select '00000000-0000-4000-8000-00000000000a', 'a.b' from generate_series(1, 2000);
insert into app.scheduled_jobs (name, routine, every, next_run_at)
    select 'job ' || n, 'app.x', '1 day', now() + interval '1 hour' from generate_series(1, 2000) as n;
insert into monitoring.system_health_checks (component, status, detail, checked_at)
    select c, 'ok', '', now() - n * interval '5 minutes'
    from generate_series(1, 5000) as n, unnest(array['connections', 'a', 'b', 'c', 'd']) as c;
vacuum analyze
