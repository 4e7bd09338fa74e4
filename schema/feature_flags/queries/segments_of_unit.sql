-- The segments that a unit is in
-- as: service_role
-- index: segment_members_pkey
-- parameter: unit text = {unit}
select m.segment
from app.segment_members as m
where m.unit = %(unit)s
order by m.segment;
