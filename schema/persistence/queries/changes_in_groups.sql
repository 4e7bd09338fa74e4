-- What changed in an owner's groups after a position: a page of a pull, tombstones too
-- as: authenticated
-- index: idx_groups_changes
-- parameter: owner text = {owner}
-- parameter: after xid8 = {seen_in}
-- parameter: after_id uuid = 00000000-0000-0000-0000-000000000000
-- parameter: page_size int = 500
with page as (
    -- By its keys alone, which one index holds: with row security's own condition on the owner the planner
    -- expects one row whatever the index, and would sort all of an owner's.
    select g.id
    from public.groups as g
    where
        g.owner = %(owner)s
        and (g.changed_in, g.id) > (%(after)s::xid8, %(after_id)s::uuid)
        -- Transactions before this one are over: none of them can still add a row before the position.
        and g.changed_in < pg_snapshot_xmin(pg_current_snapshot())
    order by g.changed_in, g.id
    limit %(page_size)s
)

select
    g.id,
    g.name,
    g.deleted,
    g.version,
    g.client_id,
    g.metadata,
    g.changed_in::text as changed_in
from page as p
inner join public.groups as g on p.id = g.id
order by g.changed_in, g.id;
