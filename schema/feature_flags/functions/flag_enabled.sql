create function app.flag_enabled(flag_name text, unit text) returns boolean
language plpgsql stable parallel safe
as $$
begin
    return coalesce((
        select
            f.enabled
            -- Nobody in particular is the last of all: only a flag for everybody is on.
            and coalesce(app.flag_bucket(f.salt, flag_enabled.unit), 99999) < 1000 * greatest(
                f.rollout_percentage,
                (
                    select max(s.rollout_percentage)
                    from app.feature_flag_segments as s
                    inner join app.segment_members as m on s.segment = m.segment
                    where s.flag_id = f.id and m.unit = flag_enabled.unit
                )
            )
        from public.feature_flags as f
        where f.name = flag_enabled.flag_name
    ), false);
end;
$$;
