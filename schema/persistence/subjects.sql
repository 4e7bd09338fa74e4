-- Somebody to try the queries with: a user of several devices with rows of every kind
-- as: service_role
select
    s.user_id as member, -- noqa: RF04
    s.owner, -- noqa: RF04
    s.profile_id as profile,
    s.client_id as device,
    s.changed_in::text as seen_in
from public.students as s
inner join public.profiles as p on s.profile_id = p.id
where s.user_id = p.user_id
order by s.created_at, s.id
limit 1;
