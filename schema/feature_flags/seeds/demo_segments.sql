-- Row security is forced for the owner too: demo rows are written the way a service writes them.
set local role service_role;

insert into app.segments (name, description)
values
('staff', 'Who works here and sees everything first')
on conflict do nothing;

insert into app.segment_members (segment, unit)
values
('staff', '00000000-0000-4000-8000-0000000000a1')
on conflict do nothing;

insert into app.feature_flag_segments (flag_id, segment)
select
    f.id as flag_id,
    'staff' as segment
from public.feature_flags as f
where f.name = 'persistence_v2'
on conflict do nothing;

set local role app_owner;
