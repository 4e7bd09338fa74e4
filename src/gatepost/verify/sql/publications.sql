-- Publications: which tables and operations they send.
select
    p.pubname as name,
    p.puballtables as all_tables,
    array(
        select n.nspname || '.' || c.relname
        from pg_publication_rel as r
        join pg_class as c on c.oid = r.prrelid
        join pg_namespace as n on n.oid = c.relnamespace
        where r.prpubid = p.oid
        order by 1
    ) as tables,
    array(
        select n.nspname::text
        from pg_publication_namespace as s
        join pg_namespace as n on n.oid = s.pnnspid
        where s.pnpubid = p.oid
        order by 1
    ) as schemas,
    array_remove(array[
        case when p.pubinsert then 'insert' end,
        case when p.pubupdate then 'update' end,
        case when p.pubdelete then 'delete' end,
        case when p.pubtruncate then 'truncate' end
    ], null) as publish,
    pg_get_userbyid(p.pubowner) as owner,
    obj_description(p.oid, 'pg_publication') as comment
from pg_publication as p
