-- What a column brings with it when another takes its place: constraints, indexes and sequences, in the catalog's words.
with col as (
    select a.attrelid, a.attnum
    from pg_attribute as a
    where a.attrelid = to_regclass(format('%%I.%%I', %(schema)s::text, %(table)s::text)) and a.attname = %(column)s and not a.attisdropped
)
select
    case when k.contype = 'f' and k.confrelid = col.attrelid and col.attnum = any(k.confkey) then 'incoming' else k.contype::text end as kind,
    n.nspname as schema,
    c.relname as table,
    k.conname as name,
    case when k.contype in ('p', 'u') then pg_get_indexdef(k.conindid) else regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '') end as definition,
    obj_description(k.oid, 'pg_constraint') as comment,
    case when k.condeferred then ' deferrable initially deferred' when k.condeferrable then ' deferrable' else '' end as deferrable,
    c.relkind = 'p' as partitioned,
    k.convalidated as valid
from col
join pg_constraint as k on k.contype in ('p', 'u', 'x', 'c', 'f') and k.conparentid = 0 and (
    (k.conrelid = col.attrelid and col.attnum = any(k.conkey)) or (k.contype = 'f' and k.confrelid = col.attrelid and col.attnum = any(k.confkey))
)
join pg_class as c on c.oid = k.conrelid
join pg_namespace as n on n.oid = c.relnamespace
union all
select 'index', n.nspname, t.relname, c.relname, pg_get_indexdef(i.indexrelid), obj_description(c.oid, 'pg_class'), '', false, i.indisvalid
from col
join pg_index as i on i.indrelid = col.attrelid
join pg_class as c on c.oid = i.indexrelid
join pg_class as t on t.oid = i.indrelid
join pg_namespace as n on n.oid = c.relnamespace
where not exists (select from pg_constraint as k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
    and exists (
        select from pg_depend as d
        where d.classid = 'pg_class'::regclass and d.objid = i.indexrelid
            and d.refclassid = 'pg_class'::regclass and d.refobjid = col.attrelid and d.refobjsubid = col.attnum
    )
union all
select case d.deptype when 'i' then 'identity' else 'sequence' end, n.nspname, c.relname, c.relname, '', null, '', false, true
from col
join pg_depend as d on d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = col.attrelid
    and d.refobjsubid = col.attnum and d.deptype in ('a', 'i')
join pg_class as c on c.oid = d.objid and c.relkind = 'S'
join pg_namespace as n on n.oid = c.relnamespace
order by kind, name
