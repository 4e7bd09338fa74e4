-- Triggers: whether they fire, when, on what, and which function they call.
select
    n.nspname as schema,
    c.relname as table,
    t.tgname as name,
    t.tgenabled::text as enabled,
    t.tgtype::int as type,
    array(
        select a.attname::text
        from unnest(t.tgattr::int[]) as u (number)
        join pg_attribute as a on a.attrelid = t.tgrelid and a.attnum = u.number
        order by 1
    ) as columns,
    pn.nspname || '.' || p.proname as function,
    t.tgqual is not null as has_when,
    t.tgoldtable::text as old_table,
    t.tgnewtable::text as new_table,
    obj_description(t.oid, 'pg_trigger') as comment
from pg_trigger as t
join pg_class as c on c.oid = t.tgrelid
join pg_namespace as n on n.oid = c.relnamespace
join pg_proc as p on p.oid = t.tgfoid
join pg_namespace as pn on pn.oid = p.pronamespace
where not t.tgisinternal
    and pn.nspname <> 'gatepost'
