-- Whether a type is a domain with a check or without null, or over one.
with recursive below as (
    select to_regtype(%(type)s)::oid as oid
    union all
    select t.typbasetype
    from below as b
    join pg_type as t on t.oid = b.oid
    where t.typtype = 'd'
)

select coalesce(bool_or(t.typnotnull or exists (select from pg_constraint as k where k.contypid = t.oid)), false)
from below as b
join pg_type as t on t.oid = b.oid and t.typtype = 'd'
