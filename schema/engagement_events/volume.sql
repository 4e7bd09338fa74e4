-- Events of two months, of people who do much and people who do little, each recorded by a transaction of
-- its own as far as there are any; one in fifty is deleted. A hundred events are about the same thing.
insert into public.engagement_events
(id, user_id, session_id, event_type, value, timestamp, deleted_at, recorded_at, recorded_in)
with
people as (
    select
        u.id,
        row_number() over (order by u.id) as number
    from public.users as u
),

wanted as (
    select
        n.number,
        now() - (%(scale)s - n.number) * interval '60 days' / %(scale)s as happened_at,
        1 + floor(
            power(mod(n.number * 0.618034, 1), 2) * (select count(*) from people)
        )::bigint as user_number
    from generate_series(1, %(scale)s) as n (number)
)

select
    md5('event ' || w.number)::uuid as id,
    p.id as user_id,
    md5('session ' || w.user_number || date_trunc('hour', w.happened_at))::uuid as session_id,
    (array['post.viewed', 'post.liked', 'collective.opened', 'search', 'post.viewed'])[1 + mod(w.number, 5)]
        as event_type,
    jsonb_build_object('post_id', 'p' || mod(w.number, %(scale)s / 100)) as value, -- noqa
    w.happened_at as timestamp, -- noqa: RF04
    case when mod(w.number, 50) = 0 then w.happened_at + interval '1 minute' end as deleted_at,
    w.happened_at as recorded_at,
    (3 + w.number * 500::bigint / %(scale)s)::text::xid8 as recorded_in -- noqa: RF02
from wanted as w
inner join people as p on w.user_number = p.number
order by w.number;
