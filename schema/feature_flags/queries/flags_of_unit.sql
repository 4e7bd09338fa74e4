-- Every flag, as a unit sees it
-- as: service_role
-- grows: linear
-- parameter: unit text = {unit}
select
    f.name,
    app.flag_enabled(f.name, %(unit)s) as enabled
from public.feature_flags as f
order by f.name;
