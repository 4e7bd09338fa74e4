-- Statements that make again what goes with a column when it is dropped: its indexes, constraints, comments.
select s.statement
from pg_attribute as a
join pg_depend as d on d.refclassid = 'pg_class'::regclass and d.refobjid = a.attrelid and d.refobjsubid = a.attnum
cross join lateral (
    select pg_get_indexdef(d.objid) as statement, 1 as rank
    from pg_index as i
    where d.classid = 'pg_class'::regclass and i.indexrelid = d.objid
    union all
    select format('comment on index %%s is %%L', d.objid::regclass, obj_description(d.objid, 'pg_class')), 2
    where d.classid = 'pg_class'::regclass and obj_description(d.objid, 'pg_class') is not null
        and exists (select from pg_index as i where i.indexrelid = d.objid)
    union all
    select format('alter table %%s add constraint %%I %%s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid)), 1
    from pg_constraint as k
    where d.classid = 'pg_constraint'::regclass and k.oid = d.objid and k.contype in ('c', 'u', 'p', 'f')
    union all
    select format('comment on constraint %%I on %%s is %%L', k.conname, k.conrelid::regclass, obj_description(k.oid, 'pg_constraint')), 2
    from pg_constraint as k
    where d.classid = 'pg_constraint'::regclass and k.oid = d.objid and obj_description(k.oid, 'pg_constraint') is not null
) as s
where a.attrelid = to_regclass(format('%%I.%%I', %(schema)s::text, %(table)s::text)) and a.attname = %(column)s
group by s.statement, s.rank
order by s.rank, s.statement
