create view app.orphans with (security_invoker = true) as
select
    'students' as table_name,
    'nobody owns it' as reason,
    s.id
from public.students as s
where s.owner is null
union all
select
    'groups' as table_name,
    'nobody owns it' as reason,
    g.id
from public.groups as g
where g.owner is null
union all
select
    'attendance_records' as table_name,
    'nobody owns it' as reason,
    a.id
from public.attendance_records as a
where a.owner is null
union all
select
    'completed_makeup_sessions' as table_name,
    'nobody owns it' as reason,
    c.id
from public.completed_makeup_sessions as c
where c.owner is null
union all
select
    'archived_terms' as table_name,
    'nobody owns it' as reason,
    t.id
from public.archived_terms as t
where t.owner is null
union all
select
    'students' as table_name,
    'its group is not there' as reason,
    s.id
from public.students as s
where
    s.group_id is not null
    and not s.deleted
    and not exists (
        select 1
        from public.groups as g
        where g.id = s.group_id and g.owner is not distinct from s.owner
    )
union all
select
    'attendance_records' as table_name,
    'its student is not there' as reason,
    a.id
from public.attendance_records as a
where
    not a.deleted
    and not exists (
        select 1
        from public.students as s
        where s.id = a.student_id and s.owner is not distinct from a.owner
    )
union all
select
    'completed_makeup_sessions' as table_name,
    'its student is not there' as reason,
    c.id
from public.completed_makeup_sessions as c
where
    not c.deleted
    and not exists (
        select 1
        from public.students as s
        where s.id = c.student_id and s.owner is not distinct from c.owner
    );
