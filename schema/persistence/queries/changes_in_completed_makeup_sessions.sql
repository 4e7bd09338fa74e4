-- What changed in an owner's completed make-up sessions after a position: a page of a pull, tombstones too
-- as: authenticated
-- index: idx_completed_makeup_sessions_changes
-- parameter: owner text = {owner}
-- parameter: after xid8 = {seen_in}
-- parameter: after_id uuid = 00000000-0000-0000-0000-000000000000
-- parameter: page_size int = 500
with page as (
    -- By its keys alone, which one index holds: with row security's own condition on the owner the planner
    -- expects one row whatever the index, and would sort all of an owner's.
    select c.id
    from public.completed_makeup_sessions as c
    where
        c.owner = %(owner)s
        and (c.changed_in, c.id) > (%(after)s::xid8, %(after_id)s::uuid)
        -- Transactions before this one are over: none of them can still add a row before the position.
        and c.changed_in < pg_snapshot_xmin(pg_current_snapshot())
    order by c.changed_in, c.id
    limit %(page_size)s
)

select
    c.id,
    c.student_id,
    c.missed_on,
    c.completed_on,
    c.deleted,
    c.version,
    c.client_id,
    c.metadata,
    c.changed_in::text as changed_in
from page as p
inner join public.completed_makeup_sessions as c on p.id = c.id
order by c.changed_in, c.id;
