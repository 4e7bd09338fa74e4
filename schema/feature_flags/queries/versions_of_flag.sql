-- The newest versions of a flag: who changed what, when and why
-- as: service_role
-- index: feature_flag_changes_pkey
-- parameter: flag text = {flag}
-- parameter: page_size int = 50
select
    c.version,
    c.changed_at,
    c.actor_id,
    c.reason,
    c.definition
from app.feature_flag_changes as c
where
    c.flag_id = (
        select f.id
        from public.feature_flags as f
        where f.name = %(flag)s -- noqa: RF02
    )
order by c.version desc
limit %(page_size)s;
