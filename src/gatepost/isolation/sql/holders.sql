-- Who may give which command on a table, by privilege or as its owner, and which columns an update of theirs may set.
select
    n.nspname || '.' || c.relname as table_name,
    r.rolname::text as role,
    array(
        select w.command
        from unnest('{select,insert,update}'::text[]) as w (command)
        where has_any_column_privilege(r.oid, c.oid, w.command)
        union all
        select 'delete' where has_table_privilege(r.oid, c.oid, 'delete')
    ) as commands,
    array(
        select a.attname::text
        from pg_attribute as a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
            and has_column_privilege(r.oid, c.oid, a.attnum, 'update')
    ) as updates,
    array(select g.rolname::text from pg_roles as g where pg_has_role(r.oid, g.oid, 'usage')) as inherits
from pg_class as c
inner join pg_namespace as n on n.oid = c.relnamespace
cross join pg_roles as r
where
    c.relkind in ('r', 'p')
    and not c.relispartition
    and not r.rolsuper
    and r.rolname not like 'pg\_%'
    and n.nspname not in ('pg_catalog', 'information_schema')
