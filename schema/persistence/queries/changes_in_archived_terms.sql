-- What changed in an owner's archived terms after a position: a page of a pull, tombstones too
-- as: authenticated
-- index: idx_archived_terms_changes
-- parameter: owner text = {owner}
-- parameter: after xid8 = {seen_in}
-- parameter: after_id uuid = 00000000-0000-0000-0000-000000000000
-- parameter: page_size int = 500
with page as (
    -- By its keys alone, which one index holds: with row security's own condition on the owner the planner
    -- expects one row whatever the index, and would sort all of an owner's.
    select t.id
    from public.archived_terms as t
    where
        t.owner = %(owner)s
        and (t.changed_in, t.id) > (%(after)s::xid8, %(after_id)s::uuid)
        -- Transactions before this one are over: none of them can still add a row before the position.
        and t.changed_in < pg_snapshot_xmin(pg_current_snapshot())
    order by t.changed_in, t.id
    limit %(page_size)s
)

select
    t.id,
    t.name,
    t.starts_on,
    t.ends_on,
    t.summary,
    t.deleted,
    t.version,
    t.client_id,
    t.metadata,
    t.changed_in::text as changed_in
from page as p
inner join public.archived_terms as t on p.id = t.id
order by t.changed_in, t.id;
