-- Row security is forced for the owner too: demo rows are written the way a service writes them.
set local role service_role;

-- Three weeks of five people, ten events a day: the ids are made of what they stand for.
with made_up as (
    select
        u.id as user_id,
        d.day_number,
        k.event_number,
        md5('demo event ' || u.id || d.day_number || '-' || k.event_number)::uuid as id
    from public.users as u
    cross join generate_series(0, 20) as d (day_number)
    cross join generate_series(0, 9) as k (event_number)
    where u.email like '%.example'
)

insert into public.engagement_events (id, user_id, session_id, event_type, value, timestamp, deleted_at)
select
    m.id,
    m.user_id,
    md5(m.user_id::text || m.day_number)::uuid as session_id,
    case (m.event_number * 7 + m.day_number) % 4
        when 0 then 'post.liked' when 1 then 'collective.opened' when 2 then 'search' else 'post.viewed'
    end as event_type,
    jsonb_build_object('post_id', 'p' || (m.event_number * 13 + m.day_number) % 40) as value, -- noqa: RF04
    now() - make_interval(days => m.day_number, mins => m.event_number * 11) as timestamp, -- noqa: RF04
    case when m.event_number = 9 then now() - make_interval(days => m.day_number) end as deleted_at
from made_up as m
where not exists (
    select 1
    from public.engagement_events as e
    where e.user_id = m.user_id and e.id = m.id
);

set local role app_owner;

analyze public.engagement_events;
