-- Collectives of different size; members of a dozen, one in fifty of over fifty; posts shared with ten.
insert into public.collectives (name, slug, visibility)
select
    'Collective ' || c.number as name, -- noqa: RF04
    'collective-' || c.number as slug,
    case when mod(c.number, 3) = 0 then 'public' else 'private' end as visibility
from generate_series(1, 100 + %(scale)s / 1000) as c (number);

insert into public.collective_members (collective_id, user_id, role, can_post, created_by, updated_by)
with
people as (
    select
        u.id,
        lag(u.id) over (order by u.id) as inviter_id,
        row_number() over (order by u.id) as number
    from public.users as u
),

groups as (
    select
        c.id,
        row_number() over (order by c.slug) as number
    from public.collectives as c
),

wanted as (
    select
        p.id,
        p.inviter_id,
        p.number,
        k.number as place,
        1 + floor(
            (100 + %(scale)s / 1000) * power(mod(p.number * 0.618034 + k.number * 0.414214, 1), 2)
        )::bigint as group_number
    from people as p
    cross join lateral generate_series(1, case when mod(p.number, 50) = 1 then 100 else 14 end) as k (number)
)

select distinct on (w.number, g.id)
    g.id as collective_id,
    w.id as user_id,
    (array['author', 'author', 'editor', 'member', 'author', 'admin', 'author', 'owner'])[
        1 + mod(w.number * 7 + w.place, 8)
    ] as role, -- noqa: RF04
    mod(w.number * 7 + w.place, 8) <> 3 as can_post,
    w.inviter_id as created_by,
    w.inviter_id as updated_by
from wanted as w
inner join groups as g on w.group_number = g.number
order by w.number, g.id;

insert into public.posts (author_id, collective_id, title, body, status, visibility, published_at, created_at)
with
people as (
    select
        u.id,
        row_number() over (order by u.id) as number
    from public.users as u
),

wanted as (
    select
        p.number,
        now() - (%(scale)s / 10 - p.number) * interval '1 minute' as written_at,
        1 + floor(
            power(mod(p.number * 0.754878, 1), 2) * (select count(*) from people)
        )::bigint as author_number
    from generate_series(1, %(scale)s / 10) as p (number)
),

homes as (
    select distinct on (m.user_id)
        m.user_id,
        m.collective_id
    from public.collective_members as m
    where m.can_post
    order by m.user_id, m.collective_id
)

select
    p.id as author_id,
    h.collective_id,
    'Title ' || w.number as title,
    'About ' || (array['experiment', 'rivers', 'bread', 'chess', 'music'])[1 + mod(w.number, 5)]
    || ' and word' || mod(w.number, 5000) as body,
    case when mod(w.number, 12) = 0 then 'draft' else 'published' end as status,
    case mod(w.number, 10) when 0 then 'public' when 1 then 'private' else 'collectives' end as visibility,
    case when mod(w.number, 12) > 0 then w.written_at end as published_at,
    w.written_at as created_at
from wanted as w
inner join people as p on w.author_number = p.number
left join homes as h on p.id = h.user_id and mod(w.number, 4) = 0
order by w.number;

insert into public.post_collectives
(post_id, collective_id, author_id, status, display_order, created_at, created_by, updated_by)
with
written as (
    select
        p.id,
        p.author_id,
        p.created_at,
        lag(p.author_id, 20) over (order by p.created_at, p.id) as moderator_id,
        row_number() over (order by p.created_at, p.id) as number
    from public.posts as p
),

allowed as (
    select
        m.collective_id,
        m.user_id,
        row_number() over (partition by m.user_id order by m.collective_id) as place,
        count(*) over (partition by m.user_id) as number
    from public.collective_members as m
    where m.can_post
)

select
    w.id as post_id,
    a.collective_id,
    w.author_id,
    case when mod(w.number, 40) = 20 then 'hidden' else 'published' end as status,
    a.place as display_order,
    w.created_at,
    case when mod(w.number, 4) = 0 then w.moderator_id else w.author_id end as created_by,
    case when mod(w.number, 4) = 0 then w.moderator_id else w.author_id end as updated_by
from written as w
inner join allowed as a on w.author_id = a.user_id
where mod(a.place + w.number, a.number) < 11
order by w.created_at, w.id;

-- What the trigger wrote down of each association, and of one in twenty the failure before it.
insert into public.post_collective_audit_log
(
    created_at, action, outcome, post_id, collective_id, author_id, user_id, database_role, operation_id,
    source, error_code, detail, duration_ms, event_key
)
with
shared as (
    select
        pc.*,
        row_number() over (order by pc.created_at, pc.post_id, pc.collective_id) as number
    from public.post_collectives as pc
)

select
    s.created_at,
    'create' as action, -- noqa: RF04
    o.outcome,
    s.post_id,
    s.collective_id,
    s.author_id,
    s.author_id as user_id,
    'authenticated' as database_role,
    md5('operation ' || s.post_id || o.outcome)::uuid as operation_id,
    case
        when o.outcome = 'succeeded' then 'trigger'
        when mod(s.number, 40) = 0 then 'service'
        else 'server_log'
    end as source, -- noqa: RF04
    case when o.outcome <> 'succeeded' then 'insufficient_privilege' end as error_code,
    case
        when o.outcome = 'succeeded' then '{}'::jsonb
        else jsonb_build_object('sqlstate', '42501', 'occurred_at', s.created_at)
    end as detail,
    mod(s.number, 400) / 100.0 as duration_ms,
    case when o.outcome <> 'succeeded' then 'event ' || s.number end as event_key
from shared as s
inner join (values ('refused'), ('succeeded')) as o (outcome)
    on o.outcome = 'succeeded' or mod(s.number, 20) = 0
order by s.number, o.outcome;
