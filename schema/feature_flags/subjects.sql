-- Somebody to try the queries with: a unit of a segment, and the flag that the segment sees first
-- as: service_role
select
    m.unit,
    m.segment,
    f.name as flag,
    m.unit::uuid as member -- noqa: RF04
from app.segment_members as m
inner join app.feature_flag_segments as s on m.segment = s.segment
inner join public.feature_flags as f on s.flag_id = f.id
order by m.unit, f.name
limit 1;
