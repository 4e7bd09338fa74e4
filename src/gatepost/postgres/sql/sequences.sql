-- Sequences but those of identity columns; numbers as text, because JSON numbers are not that large.
select
    n.nspname as schema,
    c.relname as name,
    jsonb_build_object(
        'type', format_type(s.seqtypid, null),
        'start', s.seqstart::text,
        'increment', s.seqincrement::text,
        'minvalue', s.seqmin::text,
        'maxvalue', s.seqmax::text,
        'cache', s.seqcache::text,
        'cycle', s.seqcycle,
        'ownedBy', (
            select format('%%s.%%I', d.refobjid::regclass, a.attname)
            from pg_depend as d
            join pg_attribute as a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
            where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'a'
        ),
        'privileges', coalesce((
            select jsonb_object_agg(g.grantee, g.privileges)
            from (
                select
                    case when x.grantee = 0 then 'public' else pg_get_userbyid(x.grantee) end as grantee,
                    jsonb_agg(lower(x.privilege_type) || case when x.is_grantable then ' with grant option' else '' end
                        order by x.privilege_type, x.is_grantable) as privileges
                from aclexplode(coalesce(c.relacl, acldefault('s', c.relowner))) as x
                where x.grantee <> c.relowner
                group by x.grantee
            ) as g
        ), '{}'),
        'owner', pg_get_userbyid(c.relowner),
        'comment', obj_description(c.oid, 'pg_class')
    ) || case c.relpersistence when 'u' then '{"unlogged": true}' else '{}' end::jsonb as definition
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
join pg_sequence as s on s.seqrelid = c.oid
where n.nspname not in ('pg_catalog', 'information_schema', 'gatepost')
    and (%(schema)s::text is null or n.nspname = %(schema)s)
    and (%(names)s::text[] is null or c.relname = any(%(names)s))
    and not exists (select from pg_depend as e where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype in ('e', 'i'))
