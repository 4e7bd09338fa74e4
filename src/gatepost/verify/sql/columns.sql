-- Columns of tables: type, nullability, and what fills them.
select
    n.nspname as schema,
    c.relname as table,
    a.attname as name,
    a.atttypid::bigint as type,
    a.atttypmod as modifier,
    format_type(a.atttypid, a.atttypmod) as type_name,
    a.attnotnull as not_null,
    a.atthasdef and a.attgenerated = '' as has_default,
    a.attgenerated <> '' as generated,
    a.attidentity::text as identity,
    coalesce(s.seqincrement, 1) as increment,
    coalesce(s.seqcycle, false) as cycle,
    o.collname as collation,
    col_description(a.attrelid, a.attnum) as comment
from pg_attribute as a
join pg_class as c on c.oid = a.attrelid
join pg_namespace as n on n.oid = c.relnamespace
join pg_type as t on t.oid = a.atttypid
left join pg_collation as o on o.oid = a.attcollation and a.attcollation <> t.typcollation
left join pg_depend as d
    on d.classid = 'pg_class'::regclass and d.refclassid = d.classid and d.deptype = 'i'
        and d.refobjid = a.attrelid and d.refobjsubid = a.attnum and a.attidentity <> ''
left join pg_sequence as s on s.seqrelid = d.objid
where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p') and (a.attislocal or c.relispartition)
    and n.nspname not in ('pg_catalog', 'information_schema')
order by n.nspname, c.relname, a.attnum
