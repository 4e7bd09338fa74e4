-- A user's or guest's groups that are not removed: the start of the list
-- as: authenticated
-- index: idx_groups_owner
-- parameter: owner text = {owner}
-- parameter: page_size int = 50
select
    g.id,
    g.name,
    g.version,
    g.updated_at
from public.groups as g
where g.owner = %(owner)s and not g.deleted
order by g.name
limit %(page_size)s;
