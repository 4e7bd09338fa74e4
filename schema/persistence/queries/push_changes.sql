-- A device's changes, stored at once and exactly once
-- as: authenticated
-- parameter: push_id uuid = 00000000-0000-4000-8000-0000000003ff
-- parameter: device text = {device}
-- parameter: outbox int = 0
-- parameter: changes jsonb = []
select app.push_changes(%(push_id)s::uuid, %(device)s, %(outbox)s::int, %(changes)s::jsonb) as answer;
