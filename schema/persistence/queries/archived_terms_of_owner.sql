-- A user's or guest's archived terms that are not removed: the start of the list
-- as: authenticated
-- index: idx_archived_terms_owner
-- parameter: owner text = {owner}
-- parameter: page_size int = 50
select
    t.id,
    t.name,
    t.starts_on,
    t.ends_on,
    t.summary,
    t.version,
    t.updated_at
from public.archived_terms as t
where t.owner = %(owner)s and not t.deleted
order by t.starts_on desc
limit %(page_size)s;
