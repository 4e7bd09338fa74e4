-- Types: what they consist of, and whose they are.
select
    n.nspname as schema,
    t.typname as name,
    case t.typtype when 'e' then 'enum' when 'd' then 'domain' else 'composite' end as kind,
    array(select e.enumlabel::text from pg_enum as e where e.enumtypid = t.oid order by e.enumsortorder) as values,
    array(
        select k.conname::text from pg_constraint as k where k.contypid = t.oid and k.contype = 'c' order by 1
    ) as checks,
    array(
        select a.attname::text from pg_attribute as a
        where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped order by a.attnum
    ) as attributes,
    t.typbasetype::bigint as base,
    t.typtypmod as modifier,
    t.typnotnull as strict,
    pg_get_userbyid(t.typowner) as owner,
    obj_description(t.oid, 'pg_type') as comment
from pg_type as t
join pg_namespace as n on n.oid = t.typnamespace
left join pg_class as c on c.oid = t.typrelid
where (t.typtype in ('e', 'd') or c.relkind = 'c') and n.nspname not in ('pg_catalog', 'information_schema')
