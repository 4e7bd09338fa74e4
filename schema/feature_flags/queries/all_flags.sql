-- Every flag with its segments' shares: what the provider of flags keeps in memory
-- as: service_role
-- index: idx_feature_flag_segments_flag
-- grows: linear
select
    f.name,
    f.enabled,
    f.rollout_percentage,
    f.salt,
    f.version,
    coalesce((
        select jsonb_object_agg(s.segment, s.rollout_percentage)
        from app.feature_flag_segments as s
        where s.flag_id = f.id
    ), '{}') as segments
from public.feature_flags as f
order by f.name;
