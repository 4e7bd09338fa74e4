-- Primary keys, unique, check, foreign key and exclusion constraints of tables.
with recursive unkept (oid) as (
    -- What `disable trigger all` leaves of it, on its own table or on a partition, keeps nothing out.
    select t.tgconstraint from pg_trigger as t where t.tgisinternal and t.tgenabled not in ('O', 'A')
    union
    select p.conparentid from unkept as u join pg_constraint as p on p.oid = u.oid where p.conparentid <> 0
)

select
    n.nspname as schema,
    c.relname as name,
    k.conname as object,
    jsonb_build_object(
        'definition', pg_get_constraintdef(k.oid),
        'validated', k.convalidated,
        'comment', obj_description(k.oid, 'pg_constraint')
    ) || case when x.reloptions is not null and k.contype <> 'f' then jsonb_build_object('storage', (
        select jsonb_object_agg(o.option_name, o.option_value) from pg_options_to_table(x.reloptions) as o
    )) else '{}' end || case when k.oid in (select u.oid from unkept as u) then '{"triggers": "disabled"}'::jsonb else '{}' end as definition
from pg_constraint as k
join pg_class as c on c.oid = k.conrelid
join pg_namespace as n on n.oid = c.relnamespace
left join pg_class as x on x.oid = k.conindid
where k.contype in ('p', 'u', 'c', 'f', 'x')
    and k.conparentid = 0
    and (k.coninhcount = 0 or k.conislocal and not c.relispartition)
    and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'gatepost')
    and (%(schema)s::text is null or n.nspname = %(schema)s)
    and (%(names)s::text[] is null or c.relname = any(%(names)s))
