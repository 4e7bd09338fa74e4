-- Some hundred flags however many users there are; what grows are the segments' members and the history.
insert into public.feature_flags (name, description, enabled, rollout_percentage)
select
    'flag_' || f.number as name, -- noqa: RF04
    'Flag ' || f.number as description,
    mod(f.number, 3) > 0 as enabled,
    mod(f.number, 101) as rollout_percentage
from generate_series(1, 200) as f (number);

insert into app.segments (name, description)
select
    'segment_' || s.number as name, -- noqa: RF04
    'Segment ' || s.number as description
from generate_series(1, 50) as s (number);

insert into app.feature_flag_segments (flag_id, segment)
select
    f.id as flag_id,
    s.name as segment
from public.feature_flags as f
inner join app.segments as s on mod(abs(hashtext(f.name || s.name)), 25) = 0;

insert into app.segment_members (unit, segment)
select
    md5('unit' || u.number / 2)::uuid::text as unit,
    'segment_' || 1 + mod(u.number + u.number / 2, 50) as segment
from generate_series(1, %(scale)s) as u (number);

insert into app.feature_flag_changes (flag_id, version, changed_at, database_role, definition)
select
    f.id as flag_id,
    c.version,
    now() - (%(scale)s / 200 - c.version) * interval '1 hour' as changed_at,
    'service_role' as database_role,
    '{}'::jsonb as definition
from generate_series(2, 2 + %(scale)s / 200) as c (version)
cross join public.feature_flags as f;
