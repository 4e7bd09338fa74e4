-- Properties that no class has an argument for: what sets each and what takes it back, and whose it is.
relations as not materialized (
    select c.*, n.nspname, c.oid::regclass::text as label, case c.relkind when 'm' then 'materialized view ' else 'table ' end || c.oid::regclass::text as called
    from pg_class as c
    join pg_namespace as n on n.oid = c.relnamespace
    where n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'gatepost')
        and c.oid >= 16384 and c.relkind in ('r', 'p', 'm', 'v', 'i', 'I')
        and not exists (select from pg_depend as e where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e')
),

columns as materialized (
    select
        a.*, t.typstorage, r.nspname, r.relname, r.relkind, not a.attislocal or r.relispartition as inherited,
        'column ' || r.label || '.' || quote_ident(a.attname) as called,
        'alter table only ' || r.label || ' alter column ' || quote_ident(a.attname) || ' ' as alters
    from pg_attribute as a
    join pg_type as t on t.oid = a.atttypid
    join relations as r on r.oid = a.attrelid
    where a.attnum > 0 and not a.attisdropped and r.relkind in ('r', 'p', 'm', 'v')
        and (
            coalesce(a.attstattarget, -1) >= 0 or a.attstorage <> t.typstorage or a.attcompression <> '' or a.attoptions is not null
            or r.relkind = 'v' and a.atthasdef or not a.attislocal or r.relispartition
        )
),

above as materialized (
    select distinct on (i.inhrelid, a.attname) i.inhrelid as relation, a.*, bool_or(a.attnotnull) over (partition by i.inhrelid, a.attname) as required
    from pg_inherits as i
    join pg_attribute as a on a.attrelid = i.inhparent and a.attnum > 0 and not a.attisdropped
    order by i.inhrelid, a.attname, not a.atthasdef, i.inhseqno
),

-- The sequences of identity columns, which are made with their tables, where they have the names that they get so.
counting as materialized (
    select q.oid, q.oid::regclass::text as label, q.relacl, q.relowner, n.nspname, t.relname
    from pg_class as q
    join pg_depend as u on u.classid = 'pg_class'::regclass and u.objid = q.oid and u.refclassid = 'pg_class'::regclass and u.deptype = 'i'
    join pg_class as t on t.oid = u.refobjid
    join pg_namespace as n on n.oid = t.relnamespace
    join pg_attribute as a on a.attrelid = t.oid and a.attnum = u.refobjsubid
    cross join lateral (select length(t.relname) as relation, length(a.attname) as attribute) as size
    where q.relkind = 'S' and q.relname = left(t.relname, greatest(29, 58 - size.attribute)) || '_' || left(a.attname, greatest(29, 58 - size.relation)) || '_seq'
),

storages (short, name) as (
    values ('p'::"char", 'plain'), ('e', 'external'), ('m', 'main'), ('x', 'extended')
),

described as materialized (
    select d.*, quote_literal(d.description) as said from pg_description as d where d.objoid >= 16384 or d.classoid = 'pg_namespace'::regclass
),

properties (name, sql, undo, schema, relation) as (
    select
        'replica identity of table ' || r.label,
        'alter table only ' || r.label || ' replica identity ' || case r.relreplident when 'n' then 'nothing' when 'f' then 'full' else 'using index ' || quote_ident(x.relname) end,
        'alter table only ' || r.label || ' replica identity default', r.nspname, r.relname
    from relations as r
    left join pg_index as i on i.indrelid = r.oid and i.indisreplident
    left join pg_class as x on x.oid = i.indexrelid
    where r.relkind in ('r', 'p') and (r.relreplident in ('n', 'f') or r.relreplident = 'i' and not x.relispartition)
    union all
    select 'clustering of ' || r.called, 'alter table ' || r.label || ' cluster on ' || quote_ident(x.relname), 'alter table ' || r.label || ' set without cluster', r.nspname, r.relname
    from relations as r
    join pg_index as i on i.indrelid = r.oid and i.indisclustered
    join pg_class as x on x.oid = i.indexrelid and not x.relispartition
    union all
    select 'statistics of ' || c.called, c.alters || 'set statistics ' || c.attstattarget, c.alters || 'set statistics -1', c.nspname, c.relname
    from columns as c
    where coalesce(c.attstattarget, -1) >= 0 and c.relkind <> 'v'
    union all
    select
        'statistics of index ' || x.label || ' column ' || a.attnum, 'alter index ' || x.label || ' alter column ' || a.attnum || ' set statistics ' || a.attstattarget,
        'alter index ' || x.label || ' alter column ' || a.attnum || ' set statistics -1', x.nspname, t.relname
    from relations as x
    join pg_attribute as a on a.attrelid = x.oid and coalesce(a.attstattarget, -1) >= 0
    join pg_index as i on i.indexrelid = x.oid
    join pg_class as t on t.oid = i.indrelid
    where x.relkind in ('i', 'I') and not x.relispartition
    union all
    select 'storage of ' || c.called, c.alters || 'set storage ' || s.name, c.alters || 'set storage ' || o.name, c.nspname, c.relname
    from columns as c
    join storages as s on s.short = c.attstorage
    join storages as o on o.short = c.typstorage
    where c.attstorage <> c.typstorage and c.relkind <> 'v'
    union all
    select 'compression of ' || c.called, c.alters || 'set compression ' || case c.attcompression when 'p' then 'pglz' else 'lz4' end, c.alters || 'set compression default', c.nspname, c.relname
    from columns as c
    where c.attcompression <> '' and c.relkind <> 'v'
    union all
    select 'options of ' || c.called, c.alters || 'set (' || string_agg(o.option, ', ' order by o.n) || ')', c.alters || 'reset (' || string_agg(split_part(o.option, '=', 1), ', ' order by o.n) || ')', c.nspname, c.relname
    from columns as c, unnest(c.attoptions) with ordinality as o (option, n)
    where o.option not like 'pg\_attver=%%' -- some builds of 15 number the versions of a column there
    group by c.called, c.alters, c.nspname, c.relname
    union all
    select 'default of ' || c.called, c.alters || 'set default ' || pg_get_expr(d.adbin, d.adrelid), c.alters || 'drop default', c.nspname, c.relname
    from columns as c
    join pg_attrdef as d on d.adrelid = c.attrelid and d.adnum = c.attnum
    where c.relkind = 'v'
    union all
    -- A partition is declared by its bounds, and a table without the columns that it inherits: these are its own.
    select 'default of ' || c.called, c.alters || coalesce('set default ' || own.text, 'drop default'), c.alters || coalesce('set default ' || above.text, 'drop default'), c.nspname, c.relname
    from columns as c
    join above as p on p.relation = c.attrelid and p.attname = c.attname
    cross join lateral (select (select pg_get_expr(d.adbin, d.adrelid) from pg_attrdef as d where d.adrelid = c.attrelid and d.adnum = c.attnum) as text) as own
    cross join lateral (select (select pg_get_expr(d.adbin, d.adrelid) from pg_attrdef as d where d.adrelid = p.attrelid and d.adnum = p.attnum) as text) as above
    where c.inherited and c.attgenerated = '' and own.text is distinct from above.text
    union all
    select 'not null of ' || c.called, c.alters || 'set not null', c.alters || 'drop not null', c.nspname, c.relname
    from columns as c
    join above as p on p.relation = c.attrelid and p.attname = c.attname
    where c.inherited and c.attnotnull and not p.required
    union all
    select 'comment on ' || c.called, 'comment on ' || c.called || ' is ' || d.said, 'comment on ' || c.called || ' is null', c.nspname, c.relname
    from columns as c
    join described as d on d.classoid = 'pg_class'::regclass and d.objoid = c.attrelid and d.objsubid = c.attnum
    where c.inherited
    union all
    select 'comment on index ' || x.label, 'comment on index ' || x.label || ' is ' || d.said, 'comment on index ' || x.label || ' is null', x.nspname, t.relname
    from relations as x
    join described as d on d.classoid = 'pg_class'::regclass and d.objoid = x.oid and d.objsubid = 0
    join pg_index as i on i.indexrelid = x.oid
    join pg_class as t on t.oid = i.indrelid
    where not x.relispartition and exists (select from pg_constraint as k where k.conindid = x.oid and k.contype in ('p', 'u', 'x'))
    union all
    select 'comment on sequence ' || q.label, 'comment on sequence ' || q.label || ' is ' || d.said, 'comment on sequence ' || q.label || ' is null', q.nspname, q.relname
    from counting as q
    join described as d on d.classoid = 'pg_class'::regclass and d.objoid = q.oid and d.objsubid = 0
    union all
    select
        'privileges of ' || g.role || ' on sequence ' || q.label || g.passed_on,
        'grant ' || string_agg(g.privilege, ', ' order by g.privilege) || ' on sequence ' || q.label || ' to ' || g.role || g.passed_on,
        'revoke all on sequence ' || q.label || ' from ' || g.role, q.nspname, q.relname
    from counting as q
    cross join lateral (
        select
            lower(x.privilege_type) as privilege, case x.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(x.grantee)) end as role,
            case when x.is_grantable then ' with grant option' else '' end as passed_on
        from aclexplode(q.relacl) as x
        where x.grantee <> q.relowner
    ) as g
    group by q.label, q.nspname, q.relname, g.role, g.passed_on
    union all
    select 'comment on constraint ' || quote_ident(k.conname) || ' on domain ' || k.contypid::regtype, 'comment on constraint ' || quote_ident(k.conname) || ' on domain ' || k.contypid::regtype || ' is ' || d.said, 'comment on constraint ' || quote_ident(k.conname) || ' on domain ' || k.contypid::regtype || ' is null', n.nspname, t.typname
    from pg_constraint as k
    join described as d on d.classoid = 'pg_constraint'::regclass and d.objoid = k.oid
    join pg_type as t on t.oid = k.contypid
    join pg_namespace as n on n.oid = t.typnamespace
    union all
    select 'comment on schema ' || quote_ident(n.nspname), 'comment on schema ' || quote_ident(n.nspname) || ' is ' || d.said, 'comment on schema ' || quote_ident(n.nspname) || ' is ' || case n.nspname when 'public' then '''standard public schema''' else 'null' end, null, null
    from described as d
    join pg_namespace as n on n.oid = d.objoid
    where d.classoid = 'pg_namespace'::regclass and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'gatepost') and (n.nspname, d.description) <> ('public', 'standard public schema')
    union all
    select 'comment on schema public', 'comment on schema public is null', 'comment on schema public is ''standard public schema''', null, null
    from pg_namespace as n
    where n.nspname = 'public' and obj_description(n.oid, 'pg_namespace') is null
    union all
    select 'comment on extension ' || quote_ident(e.extname), 'comment on extension ' || quote_ident(e.extname) || ' is ' || quote_literal(d.description), 'comment on extension ' || quote_ident(e.extname) || ' is ' || quote_literal(a.comment), null, null
    from pg_extension as e
    join pg_available_extensions as a on a.name = e.extname
    join pg_description as d on d.classoid = 'pg_extension'::regclass and d.objoid = e.oid
    where d.description <> a.comment
)
