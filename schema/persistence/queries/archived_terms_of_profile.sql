-- A profile's archived terms, as clients of version 1 ask
-- as: authenticated
-- index: idx_archived_terms_profile
-- parameter: profile_id text = {profile}
select
    t.id,
    t.name,
    t.starts_on,
    t.ends_on,
    t.summary
from public.archived_terms as t
where t.profile_id = %(profile_id)s;
