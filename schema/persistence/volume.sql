-- Profiles of users and what their devices keep, written by many transactions; users with many rows and few.
insert into public.profiles (id, user_id)
with
people as (
    select
        u.id,
        row_number() over (order by u.id) as number
    from public.users as u
)

select
    'profile_' || n.number as id, -- noqa: RF04
    p.id as user_id
from generate_series(1, 20 + %(scale)s / 50) as n (number)
inner join people as p on 1 + mod(n.number * 7, (select count(*) from people)) = p.number;

insert into public.students (profile_id, user_id, client_id, owner, name, changed_in)
select
    p.id as profile_id,
    p.user_id,
    'device_' || mod(n.number, 3) as client_id,
    p.user_id::text as owner, -- noqa: RF04
    'Student ' || n.number as name, -- noqa: RF04
    (3 + n.number * 500::bigint / %(scale)s)::text::xid8 as changed_in
from generate_series(1, %(scale)s) as n (number)
inner join public.profiles as p
    on 'profile_' || 1 + floor(power(mod(n.number * 0.618034, 1), 2) * (20 + %(scale)s / 50))::bigint = p.id;

insert into public.groups (profile_id, user_id, client_id, owner, name, changed_in)
select
    s.profile_id,
    s.user_id,
    s.client_id,
    s.owner,
    'Group of ' || s.name as name, -- noqa: RF04
    s.changed_in
from public.students as s;

insert into public.attendance_records (profile_id, user_id, client_id, owner, student_id, held_on, changed_in)
select
    s.profile_id,
    s.user_id,
    s.client_id,
    s.owner,
    s.id as student_id,
    current_date - mod(abs(hashtext(s.name)), 90) as held_on,
    s.changed_in
from public.students as s;

insert into public.completed_makeup_sessions
(profile_id, user_id, client_id, owner, student_id, missed_on, completed_on, changed_in)
select
    s.profile_id,
    s.user_id,
    s.client_id,
    s.owner,
    s.id as student_id,
    current_date - mod(abs(hashtext(s.name)), 90) as missed_on,
    current_date as completed_on,
    s.changed_in
from public.students as s;

insert into public.archived_terms
(profile_id, user_id, client_id, owner, name, starts_on, ends_on, changed_in)
select
    s.profile_id,
    s.user_id,
    s.client_id,
    s.owner,
    'Term of ' || s.name as name, -- noqa: RF04
    current_date - 90 as starts_on,
    current_date - 1 as ends_on,
    s.changed_in
from public.students as s;

-- A device of a user was a guest's before, whose rows were taken over at the fourth attempt.
insert into public.migration_logs (user_id, client_id, started_at, finished_at, outcome, problem, verified)
select
    p.user_id,
    'device_' || mod(n.number, 3) as client_id,
    now() - (12 - n.number) * interval '1 day' as started_at,
    now() - (12 - n.number) * interval '1 day' as finished_at,
    case when n.number < 9 then 'failed' else 'succeeded' end as outcome,
    case when n.number < 9 then 'timeout' end as problem,
    n.number >= 9 as verified
from public.profiles as p
cross join generate_series(0, 11) as n (number)
order by n.number, p.id;
