-- Publications with what they publish; they belong to no schema.
select
    '' as schema,
    p.pubname as name,
    jsonb_build_object(
        'allTables', p.puballtables,
        'tables', coalesce((
            select jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                'schema', n.nspname,
                'table', c.relname,
                'columns', (
                    select jsonb_agg(a.attname order by a.attnum)
                    from pg_attribute as a
                    where a.attrelid = c.oid and a.attnum = any(r.prattrs)
                ),
                'where', pg_get_expr(r.prqual, r.prrelid)
            )) order by n.nspname, c.relname)
            from pg_publication_rel as r
            join pg_class as c on c.oid = r.prrelid
            join pg_namespace as n on n.oid = c.relnamespace
            where r.prpubid = p.oid
        ), '[]'),
        'schemas', coalesce((
            select jsonb_agg(n.nspname order by n.nspname)
            from pg_publication_namespace as s
            join pg_namespace as n on n.oid = s.pnnspid
            where s.pnpubid = p.oid
        ), '[]'),
        'publish', to_jsonb(array_remove(array[
            case when p.pubinsert then 'insert' end,
            case when p.pubupdate then 'update' end,
            case when p.pubdelete then 'delete' end,
            case when p.pubtruncate then 'truncate' end
        ], null)),
        'viaPartitionRoot', p.pubviaroot,
        'owner', pg_get_userbyid(p.pubowner),
        'comment', obj_description(p.oid, 'pg_publication')
    ) as definition
from pg_publication as p
where (%(schema)s::text is null or %(schema)s = '')
    and (%(names)s::text[] is null or p.pubname = any(%(names)s))
