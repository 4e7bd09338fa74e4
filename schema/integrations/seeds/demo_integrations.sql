-- Row security is forced for the owner too: demo rows are written the way a service writes them.
set local role service_role;

insert into public.integrations (id, organization_id, type, name, status, config, credentials_ref)
values
(
    '00000000-0000-4000-8000-0000000001a1', '00000000-0000-4000-8000-00000000000a', 'whatsapp',
    'Support line', 'active', '{"phone": "+4930123456"}', 'vault://acme/whatsapp'
),
(
    '00000000-0000-4000-8000-0000000001a2', '00000000-0000-4000-8000-00000000000a', 'email',
    'Newsletter', 'active', '{"from": "news@acme.example"}', 'vault://acme/smtp'
),
(
    '00000000-0000-4000-8000-0000000001a3', '00000000-0000-4000-8000-00000000000a', 'telegram',
    'Old bot', 'inactive', '{"bot": "acme_bot"}', null
),
(
    '00000000-0000-4000-8000-0000000001b1', '00000000-0000-4000-8000-00000000000b', 'whatsapp',
    'Sales', 'error', '{"phone": "+33123456789"}', 'vault://globex/whatsapp'
),
(
    '00000000-0000-4000-8000-0000000001b2', '00000000-0000-4000-8000-00000000000b', 'email',
    'Invoices', 'active', '{"from": "billing@globex.example"}', 'vault://globex/smtp'
)
on conflict do nothing;

-- A fortnight of executions: every seventh fails, and the ids are made of what they stand for.
insert into public.workflow_execution_logs
(id, organization_id, integration_id, workflow, status, started_at, finished_at, error)
select
    md5(i.id::text || n.number)::uuid as id,
    i.organization_id,
    i.id as integration_id,
    case when n.number % 2 = 0 then 'send_reminder' else 'answer_message' end as workflow,
    case when n.number % 7 = 0 then 'failed' else 'succeeded' end as status,
    now() - n.number * interval '6 hours' as started_at,
    now() - n.number * interval '6 hours' + interval '1 second' * (1 + n.number % 5) as finished_at,
    case when n.number % 7 = 0 then 'the service did not answer' end as error
from public.integrations as i
cross join generate_series(1, 56) as n (number)
where
    i.status = 'active'
    and i.organization_id in ('00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b')
on conflict do nothing;

set local role app_owner;

-- As the server would do by itself in a minute.
analyze public.integrations, public.workflow_execution_logs, public.integration_usage_daily;
