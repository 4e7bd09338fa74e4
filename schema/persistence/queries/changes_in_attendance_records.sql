-- What changed in an owner's attendance records after a position: a page of a pull, tombstones too
-- as: authenticated
-- index: idx_attendance_records_changes
-- parameter: owner text = {owner}
-- parameter: after xid8 = {seen_in}
-- parameter: after_id uuid = 00000000-0000-0000-0000-000000000000
-- parameter: page_size int = 500
with page as (
    -- By its keys alone, which one index holds: with row security's own condition on the owner the planner
    -- expects one row whatever the index, and would sort all of an owner's.
    select a.id
    from public.attendance_records as a
    where
        a.owner = %(owner)s
        and (a.changed_in, a.id) > (%(after)s::xid8, %(after_id)s::uuid)
        -- Transactions before this one are over: none of them can still add a row before the position.
        and a.changed_in < pg_snapshot_xmin(pg_current_snapshot())
    order by a.changed_in, a.id
    limit %(page_size)s
)

select
    a.id,
    a.student_id,
    a.held_on,
    a.status,
    a.note,
    a.deleted,
    a.version,
    a.client_id,
    a.metadata,
    a.changed_in::text as changed_in
from page as p
inner join public.attendance_records as a on p.id = a.id
order by a.changed_in, a.id;
