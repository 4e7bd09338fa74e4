-- What a user may do in each of many collectives, in one round trip; one that cannot be seen is not known
-- as: authenticated
-- target: 1.5 ms
-- parameter: user_id uuid = {member}
-- parameter: collective_ids uuid[] = {collectives}
select
    w.collective_id,
    c.name,
    m.role as member_role,
    c.id is not null as known,
    coalesce(m.can_post, false) as can_post
from unnest(%(collective_ids)s) with ordinality as w (collective_id, place) -- noqa: RF02
left join public.collectives as c on w.collective_id = c.id
left join public.collective_members as m
    on w.collective_id = m.collective_id and m.user_id = %(user_id)s -- noqa: RF02
order by w.place;
