-- The share of failed operations in the last hour, and the feature's flags: numbers of the health answer
-- as: service_role
-- grows: linear
-- parameter: flags text[] = multi_collective_posts, enhanced_editor
select
    (
        select
            coalesce(
                round(
                    100.0 * count(distinct l.operation_id) filter (where l.outcome = 'failed')
                    / nullif(count(distinct coalesce(l.operation_id::text, l.id::text)), 0), 2
                ), 0
            )
        from public.post_collective_audit_log as l
        where l.created_at > now() - interval '1 hour'
    ) as error_rate_percent,
    (
        select jsonb_object_agg(f.name, f.enabled and f.rollout_percentage > 0)
        from public.feature_flags as f
        where f.name = any(%(flags)s)
    ) as feature_flags;
