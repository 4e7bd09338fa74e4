-- Who is in a segment, page by page
-- as: service_role
-- index: idx_segment_members_segment
-- parameter: segment text = {segment}
-- parameter: after text =
-- parameter: page_size int = 50
select m.unit
from app.segment_members as m
where m.segment = %(segment)s and m.unit > %(after)s
order by m.unit
limit %(page_size)s;
