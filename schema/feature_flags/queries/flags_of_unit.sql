-- Every flag, as a unit sees it: what app.flag_enabled says of each, with the unit's segments looked up once
-- as: service_role
-- grows: linear
-- parameter: unit text = {unit}
with shares as materialized (
    select
        s.flag_id,
        max(s.rollout_percentage) as rollout_percentage
    from app.segment_members as m
    inner join app.feature_flag_segments as s on m.segment = s.segment
    where m.unit = %(unit)s -- noqa: RF02
    group by s.flag_id
)

select
    f.name,
    f.enabled
    and coalesce(app.flag_bucket(f.salt, %(unit)s), 99999) -- noqa: RF02
    < 1000 * greatest(f.rollout_percentage, s.rollout_percentage) as enabled
from public.feature_flags as f
left join shares as s on f.id = s.flag_id
order by f.name;
