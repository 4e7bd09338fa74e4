-- Tables with their columns, row security, privileges, comments, storage parameters and partitions.
select
    n.nspname as schema,
    c.relname as name,
    jsonb_build_object(
        'columns', coalesce(cols.columns, '[]'),
        'comment', obj_description(c.oid, 'pg_class'),
        'rowSecurity', own.row_security,
        'privileges', own.privileges,
        'owner', pg_get_userbyid(c.relowner)
    ) || jsonb_strip_nulls(jsonb_build_object(
        'unlogged', case c.relpersistence when 'u' then true end,
        'inherits', (
            select jsonb_agg(jsonb_build_object('schema', pn.nspname, 'table', pc.relname) order by i.inhseqno)
            from pg_inherits as i
            join pg_class as pc on pc.oid = i.inhparent
            join pg_namespace as pn on pn.oid = pc.relnamespace
            where i.inhrelid = c.oid
        ),
        'storage', own.storage,
        'partitionBy', own.partition_by,
        'partitions', own.partitions
    )) as definition
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
left join lateral (
    select jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
        'name', a.attname,
        'type', format_type(a.atttypid, a.atttypmod),
        'nullable', not a.attnotnull or coalesce(above.required, false) and own.required is null,
        'default', case when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end,
        'generated', case when a.attgenerated <> '' then pg_get_expr(d.adbin, d.adrelid) end,
        'virtual', case a.attgenerated when 'v' then true end,
        'identity', case a.attidentity when 'a' then 'always' when 'd' then 'by default' end,
        'identityOptions', ids.options,
        'collation', case when a.attcollation <> t.typcollation then a.attcollation::regcollation::text end,
        'comment', col_description(a.attrelid, a.attnum)
    )) order by a.attnum) as columns
    from pg_attribute as a
    join pg_type as t on t.oid = a.atttypid
    left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
    -- What it inherits, too, is not null by itself only where it says so.
    left join lateral (
        select bool_or(p.attnotnull) as required
        from pg_inherits as i
        join pg_attribute as p on p.attrelid = i.inhparent and p.attname = a.attname
        where i.inhrelid = a.attrelid
    ) as above on a.attinhcount > 0
    left join lateral (
        select true as required from pg_constraint as k where k.conrelid = a.attrelid and k.contype = 'n' and k.conislocal and k.conkey[1] = a.attnum
    ) as own on a.attinhcount > 0
    left join lateral (
        -- What an ascending identity has by itself is not told.
        select nullif(jsonb_strip_nulls(jsonb_build_object(
            'start', nullif(s.seqstart, 1),
            'increment', nullif(s.seqincrement, 1),
            'minvalue', nullif(s.seqmin, 1),
            'maxvalue', nullif(s.seqmax, case s.seqtypid when 'int2'::regtype then 32767 when 'int4'::regtype then 2147483647 else 9223372036854775807 end),
            'cache', nullif(s.seqcache, 1),
            'cycle', nullif(s.seqcycle, false)
        )), '{}') as options
        from pg_depend as u
        join pg_sequence as s on s.seqrelid = u.objid
        where u.refclassid = 'pg_class'::regclass and u.refobjid = a.attrelid and u.refobjsubid = a.attnum
            and u.classid = 'pg_class'::regclass and u.deptype = 'i'
    ) as ids on a.attidentity <> ''
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attislocal
) as cols on true
cross join lateral (
    -- The table itself is at level 0; of a partition only what differs from it is told.
    select
        jsonb_agg(one.row_security) filter (where one.level = 0) -> 0 as row_security,
        jsonb_agg(one.privileges) filter (where one.level = 0) -> 0 as privileges,
        jsonb_agg(one.storage) filter (where one.level = 0) -> 0 as storage,
        jsonb_agg(one.partition_by) filter (where one.level = 0) -> 0 as partition_by,
        jsonb_agg(jsonb_build_object(
            'schema', nullif(one.schema, n.nspname),
            'name', one.name,
            'of', one.parent,
            'bounds', one.bounds,
            'partitionBy', one.partition_by,
            'rowSecurity', nullif(one.row_security, one.row_security_of_table),
            'privileges', nullif(one.privileges, one.privileges_of_table),
            'storage', one.storage,
            'comment', one.comment
        ) order by one.level, one.name) filter (where one.level > 0) as partitions
    from (
        select
            t.level,
            mn.nspname as schema,
            m.relname as name,
            case when t.parent <> c.oid then pn.relname end as parent,
            regexp_replace(pg_get_expr(m.relpartbound, m.oid), '^FOR VALUES ', '') as bounds,
            case when m.relkind = 'p' then pg_get_partkeydef(m.oid) end as partition_by,
            sec.row_security,
            first_value(sec.row_security) over w as row_security_of_table,
            acl.privileges,
            first_value(acl.privileges) over w as privileges_of_table,
            sto.storage,
            obj_description(m.oid, 'pg_class') as comment
        from (
            select c.oid as relation, 0 as level, null::oid as parent
            union all
            select p.relid, p.level, p.parentrelid
            from pg_partition_tree(case when c.relkind = 'p' then c.oid end) as p
            where p.level > 0
        ) as t
        join pg_class as m on m.oid = t.relation and m.relkind <> 'f'
        join pg_namespace as mn on mn.oid = m.relnamespace
        left join pg_class as pn on pn.oid = t.parent
        left join pg_class as toast on toast.oid = m.reltoastrelid and toast.reloptions is not null
        cross join lateral (
            select case when m.relforcerowsecurity and m.relrowsecurity then 'forced' when m.relrowsecurity then 'enabled' else 'off' end as row_security
        ) as sec
        left join lateral (
            select jsonb_object_agg(o.name, o.value) as storage
            from (
                select p.option_name as name, p.option_value as value from pg_options_to_table(m.reloptions) as p
                union all
                select 'toast.' || p.option_name, p.option_value from pg_options_to_table(toast.reloptions) as p
            ) as o
        ) as sto on m.reloptions is not null or toast.oid is not null
        cross join lateral (
            select
                -- part: privileges
                as privileges
            from (select m.oid, m.relacl, m.relowner) as c
        ) as acl
        window w as (order by t.level)
    ) as one
) as own
where c.relkind in ('r', 'p')
    and not c.relispartition
    and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'gatepost')
    and (%(schema)s::text is null or n.nspname = %(schema)s)
    and (%(names)s::text[] is null or c.relname = any(%(names)s))
    and not exists (select from pg_depend as e where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e')
