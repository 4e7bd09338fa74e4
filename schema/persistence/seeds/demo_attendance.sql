-- Row security is forced for the owner too: demo rows are written the way a service writes them.
set local role service_role;

insert into public.profiles (id, user_id)
values
('ada-laptop', '00000000-0000-4000-8000-0000000000a1'),
('nobody-yet', null)
on conflict do nothing;

insert into public.groups (id, profile_id, name, user_id, client_id)
values
(
    '00000000-0000-4000-8000-000000000301', 'ada-laptop', 'Monday beginners',
    '00000000-0000-4000-8000-0000000000a1', 'ada-laptop'
)
on conflict do nothing;

insert into public.students (id, profile_id, group_id, name, user_id, client_id)
values
(
    '00000000-0000-4000-8000-000000000311', 'ada-laptop', '00000000-0000-4000-8000-000000000301', 'Finn',
    '00000000-0000-4000-8000-0000000000a1', 'ada-laptop'
),
(
    '00000000-0000-4000-8000-000000000312', 'ada-laptop', '00000000-0000-4000-8000-000000000301', 'Gia',
    '00000000-0000-4000-8000-0000000000a1', 'ada-laptop'
),
(
    '00000000-0000-4000-8000-000000000313', null, null, 'Hugo',
    '00000000-0000-4000-8000-0000000000b1', 'cleo-phone'
),
(
    '00000000-0000-4000-8000-000000000314', null, null, 'Ida',
    null, 'guest-demo'
)
on conflict do nothing;

insert into public.attendance_records (id, profile_id, student_id, held_on, status, user_id, client_id)
select
    md5('attendance' || n.number)::uuid as id,
    'ada-laptop' as profile_id,
    '00000000-0000-4000-8000-000000000311' as student_id,
    current_date - 7 * n.number as held_on,
    case when n.number % 5 = 0 then 'absent' else 'present' end as status,
    '00000000-0000-4000-8000-0000000000a1' as user_id,
    'ada-laptop' as client_id
from generate_series(1, 10) as n (number)
on conflict do nothing;

insert into public.completed_makeup_sessions
(id, profile_id, student_id, missed_on, completed_on, user_id, client_id)
values
(
    '00000000-0000-4000-8000-000000000321', 'ada-laptop', '00000000-0000-4000-8000-000000000311',
    '2026-09-07', '2026-09-09', '00000000-0000-4000-8000-0000000000a1', 'ada-laptop'
)
on conflict do nothing;

insert into public.archived_terms (id, profile_id, name, starts_on, ends_on, summary, user_id, client_id)
values
(
    '00000000-0000-4000-8000-000000000331', 'ada-laptop', 'Spring', '2026-02-01', '2026-06-30',
    '{"lessons": 20}', '00000000-0000-4000-8000-0000000000a1', 'ada-laptop'
)
on conflict do nothing;

set local role app_owner;

-- As the server would do by itself in a minute.
analyze
public.groups, public.students, public.attendance_records, public.completed_makeup_sessions,
public.archived_terms, public.profiles;
