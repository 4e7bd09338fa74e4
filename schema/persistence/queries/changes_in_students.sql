-- What changed in an owner's students after a position: a page of a pull, tombstones too
-- as: authenticated
-- index: idx_students_changes
-- parameter: owner text = {owner}
-- parameter: after xid8 = {seen_in}
-- parameter: after_id uuid = 00000000-0000-0000-0000-000000000000
-- parameter: page_size int = 500
with page as (
    -- By its keys alone, which one index holds: with row security's own condition on the owner the planner
    -- expects one row whatever the index, and would sort all of an owner's.
    select s.id
    from public.students as s
    where
        s.owner = %(owner)s
        and (s.changed_in, s.id) > (%(after)s::xid8, %(after_id)s::uuid)
        -- Transactions before this one are over: none of them can still add a row before the position.
        and s.changed_in < pg_snapshot_xmin(pg_current_snapshot())
    order by s.changed_in, s.id
    limit %(page_size)s
)

select
    s.id,
    s.name,
    s.group_id,
    s.deleted,
    s.version,
    s.client_id,
    s.metadata,
    s.changed_in::text as changed_in
from page as p
inner join public.students as s on p.id = s.id
order by s.changed_in, s.id;
