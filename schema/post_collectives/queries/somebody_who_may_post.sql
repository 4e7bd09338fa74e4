-- Somebody who may post, and where: whom the health answer plays
-- as: service_role
-- grows: constant
select
    m.user_id,
    m.collective_id
from public.collective_members as m
where m.can_post
order by m.collective_id asc, m.user_id asc
limit 1;
