-- What no declaration can say, and why; each line is one object or one property of an object.
with relations as (
    select c.*, n.nspname, c.oid::regclass::text as label
    from pg_class as c
    join pg_namespace as n on n.oid = c.relnamespace
    where n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'gatepost')
        and c.oid >= 16384
        and not exists (select from pg_depend as e where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e')
),

columns as (
    select a.*, r.label || '.' || quote_ident(a.attname) as column_label, r.relkind, r.relispartition, r.oid as relation
    from pg_attribute as a
    join relations as r on r.oid = a.attrelid
    where a.attnum > 0 and not a.attisdropped and r.relkind in ('r', 'p', 'v', 'm')
)

select 'table ' || r.label as what, 'it inherits from ' || string_agg(i.inhparent::regclass::text, ', ' order by i.inhseqno) || ': tables are declared without inheritance' as reason
from pg_inherits as i
join relations as r on r.oid = i.inhrelid
where r.relkind = 'r' and not r.relispartition
group by r.label
union all
select 'table ' || r.label, 'it is unlogged: declared tables are logged' from relations as r where r.relkind in ('r', 'p') and r.relpersistence = 'u'
union all
select 'table ' || r.label, 'it is of type ' || r.reloftype::regtype::text || ': tables are declared by their columns' from relations as r where r.reloftype <> 0
union all
select
    case r.relkind when 'i' then 'index ' when 'I' then 'index ' when 'm' then 'materialized view ' else 'table ' end || r.label,
    'it is in tablespace ' || quote_ident(t.spcname) || ': tablespaces belong to a server and are not declared'
from relations as r
join pg_tablespace as t on t.oid = r.reltablespace
union all
select 'table ' || r.label, 'its rows are kept by access method ' || quote_ident(m.amname) || ', not heap'
from relations as r
join pg_am as m on m.oid = r.relam
where r.relkind in ('r', 'm') and m.amname <> 'heap'
union all
select
    'table ' || r.label,
    'replica identity ' || case r.relreplident when 'n' then 'nothing' when 'f' then 'full' else 'using index ' || (
        select quote_ident(x.relname) from pg_index as i join pg_class as x on x.oid = i.indexrelid where i.indrelid = r.oid and i.indisreplident
    ) end || ' is not declared'
from relations as r
where r.relkind in ('r', 'p') and r.relreplident <> 'd'
union all
select 'index ' || i.indexrelid::regclass::text, 'it clusters its table: clustering is not declared'
from pg_index as i
join relations as r on r.oid = i.indrelid
where i.indisclustered
union all
select 'index ' || i.indexrelid::regclass::text, 'it is not valid: deployed elsewhere it is'
from pg_index as i
join relations as r on r.oid = i.indrelid
where not i.indisvalid and r.relkind = 'r'
union all
select 'index ' || x.oid::regclass::text || ' column ' || a.attnum, 'statistics target ' || a.attstattarget || ' is not declared'
from pg_attribute as a
join pg_class as x on x.oid = a.attrelid and x.relkind in ('i', 'I')
join pg_index as i on i.indexrelid = x.oid
join relations as r on r.oid = i.indrelid
where coalesce(a.attstattarget, -1) >= 0
union all
select 'column ' || c.column_label, 'statistics target ' || c.attstattarget || ' is not declared'
from columns as c
where coalesce(c.attstattarget, -1) >= 0 and c.relkind in ('r', 'p', 'm')
union all
select
    'column ' || c.column_label,
    'storage ' || case c.attstorage when 'p' then 'plain' when 'e' then 'external' when 'm' then 'main' else 'extended' end || ' is not declared'
from columns as c
join pg_type as t on t.oid = c.atttypid
where c.attstorage <> t.typstorage and c.relkind in ('r', 'p', 'm')
union all
select 'column ' || c.column_label, 'compression ' || case c.attcompression when 'p' then 'pglz' else 'lz4' end || ' is not declared'
from columns as c
where c.attcompression <> ''
union all
select 'column ' || c.column_label, 'options ' || string_agg(o.option, ', ') || ' are not declared'
from columns as c, unnest(c.attoptions) as o (option)
where o.option not like 'pg\_attver=%' -- some builds of 15 number the versions of a column there
group by c.column_label
union all
select 'column ' || c.column_label, 'defaults of a view''s columns are not declared'
from columns as c
where c.atthasdef and c.relkind = 'v'
union all
-- The usual name has the longer of both names cut first.
select
    'names in table ' || r.label,
    'its constraints of not null have names of their own, which are not declared: ' || string_agg(quote_ident(k.conname), ', ' order by k.conname)
from pg_constraint as k
join relations as r on r.oid = k.conrelid
join pg_attribute as a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
cross join lateral (select length(r.relname) as relation, length(a.attname) as attribute) as size
where k.contype = 'n' and k.conislocal and not r.relispartition
    and k.conname <> left(r.relname, greatest(27, 53 - size.attribute)) || '_' || left(a.attname, greatest(26, 53 - size.relation)) || '_not_null'
group by r.label
union all
select distinct
    h.label,
    'its owner''s own rights are not those of every owner: ' || coalesce(own.rights, 'none')
from (
    select case r.relkind when 'v' then 'view ' when 'm' then 'materialized view ' when 'S' then 'sequence ' else 'table ' end || r.label as label,
        r.relacl as acl, r.relowner as owner, case r.relkind when 'S' then 's' else 'r' end::"char" as sort
    from relations as r
    where r.relkind in ('r', 'p', 'v', 'm', 'S')
    union all
    select 'function ' || p.oid::regprocedure::text, p.proacl, p.proowner, 'f' from pg_proc as p
    where p.oid >= 16384 and p.prokind in ('f', 'p')
        and not exists (select from pg_depend as e where e.classid = 'pg_proc'::regclass and e.objid = p.oid and e.deptype = 'e')
    union all
    select 'schema ' || quote_ident(n.nspname), n.nspacl, n.nspowner, 'n' from pg_namespace as n
    where n.oid >= 16384 and n.nspname <> 'gatepost' and n.nspname not like 'pg\_%'
) as h
cross join lateral (
    select string_agg(lower(x.privilege_type) || case when x.is_grantable then ' with grant option' else '' end, ', ' order by x.privilege_type) as rights
    from aclexplode(h.acl) as x where x.grantee = h.owner
) as own
cross join lateral (
    select string_agg(lower(x.privilege_type) || case when x.is_grantable then ' with grant option' else '' end, ', ' order by x.privilege_type) as rights
    from aclexplode(acldefault(h.sort, h.owner)) as x where x.grantee = h.owner
) as usual
where h.acl is not null and own.rights is distinct from usual.rights
union all
select distinct
    'partitions of table ' || pg_partition_root(k.conrelid)::regclass::text,
    'their constraints of not null have names of their own: elsewhere they have those of the table'
from pg_constraint as k
join relations as r on r.oid = k.conrelid and r.relispartition
join pg_constraint as p on p.conrelid = pg_partition_root(k.conrelid) and p.contype = 'n'
join pg_attribute as a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
join pg_attribute as pa on pa.attrelid = p.conrelid and pa.attnum = p.conkey[1] and pa.attname = a.attname
where k.contype = 'n' and k.conname <> p.conname
union all
select 'constraint ' || quote_ident(k.conname) || ' on ' || r.label, 'it is not validated: deployed elsewhere it is'
from pg_constraint as k
join relations as r on r.oid = k.conrelid
where not k.convalidated and k.contype = 'n'
union all
select 'rule ' || quote_ident(w.rulename) || ' on ' || r.label, 'it is disabled: declared rules are enabled'
from pg_rewrite as w
join relations as r on r.oid = w.ev_class
where w.ev_enabled <> 'O'
union all
select 'function ' || p.oid::regprocedure::text, 'window functions are written in C and are not declared'
from pg_proc as p
where p.prokind = 'w' and p.oid >= 16384 and not exists (select from pg_depend as e where e.classid = 'pg_proc'::regclass and e.objid = p.oid and e.deptype = 'e')
union all
select 'type ' || t.oid::regtype::text, 'base types are made of functions in C and are not declared'
from pg_type as t
where t.oid >= 16384 and t.typtype in ('b', 'p') and t.typelem = 0
    and not exists (select from pg_depend as e where e.classid = 'pg_type'::regclass and e.objid = t.oid and e.deptype in ('e', 'i'))
union all
select 'user mapping for ' || u.usename || ' on server ' || quote_ident(u.srvname), 'its options hold a password, which is not written into a program'
from pg_user_mappings as u
union all
select 'subscription ' || quote_ident(s.subname), 'its connection may hold a password, and it belongs to two servers'
from pg_subscription as s
where s.subdbid = (select d.oid from pg_database as d where d.datname = current_database())
union all
select
    'privileges in extension ' || quote_ident(e.extname),
    count(*) || ' of its objects have other privileges than it gives them: what belongs to an extension is not declared'
from pg_extension as e
join pg_depend as d on d.refclassid = 'pg_extension'::regclass and d.refobjid = e.oid and d.deptype = 'e'
join (
    select 'pg_proc'::regclass::oid as catalog, p.oid, p.proacl as acl from pg_proc as p
    union all
    select 'pg_class'::regclass, c.oid, c.relacl from pg_class as c
    union all
    select 'pg_type'::regclass, t.oid, t.typacl from pg_type as t
    union all
    select 'pg_namespace'::regclass, n.oid, n.nspacl from pg_namespace as n
) as o on o.catalog = d.classid and o.oid = d.objid
left join pg_init_privs as i on i.classoid = d.classid and i.objoid = d.objid and i.objsubid = 0
where o.acl is distinct from i.initprivs
group by e.extname
union all
select 'comment on schema ' || quote_ident(n.nspname), 'pulumi-postgresql has no comments: ' || d.description
from pg_description as d
join pg_namespace as n on n.oid = d.objoid
where d.classoid = 'pg_namespace'::regclass and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'gatepost') and (n.nspname, d.description) <> ('public', 'standard public schema')
union all
-- A partition is declared by its bounds; its columns are those of its table.
select
    'column ' || c.column_label,
    'its default ' || coalesce(pg_get_expr(d.adbin, d.adrelid), 'of none') || ' is not that of its table: partitions have no defaults of their own'
from columns as c
join pg_inherits as i on i.inhrelid = c.relation
join pg_attribute as p on p.attrelid = i.inhparent and p.attname = c.attname
left join pg_attrdef as d on d.adrelid = c.relation and d.adnum = c.attnum
left join pg_attrdef as pd on pd.adrelid = i.inhparent and pd.adnum = p.attnum
where c.relispartition and pg_get_expr(d.adbin, d.adrelid) is distinct from pg_get_expr(pd.adbin, pd.adrelid)
union all
select 'table ' || r.label, 'its columns stand in another order than those of its table: made as its partition they do not'
from relations as r
join pg_inherits as i on i.inhrelid = r.oid
where r.relispartition and r.relkind in ('r', 'p') and (
    select array_agg(a.attname order by a.attnum) from pg_attribute as a where a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
) <> (
    select array_agg(a.attname order by a.attnum) from pg_attribute as a where a.attrelid = i.inhparent and a.attnum > 0 and not a.attisdropped
)
union all
select 'row security of table ' || r.label, 'it is not that of its table: made as its partition it has the row security and the policies of it'
from relations as r
join pg_class as p on p.oid = pg_partition_root(r.oid)
where r.relispartition and r.relkind in ('r', 'p') and (
    p.relrowsecurity and not r.relrowsecurity or p.relforcerowsecurity and not r.relforcerowsecurity
    or exists (
        select from pg_policy as o
        where o.polrelid = p.oid and not exists (select from pg_policy as w where w.polrelid = r.oid and w.polname = o.polname)
    )
)
union all
select 'comment on column ' || c.column_label, 'columns of partitions have no comments of their own: ' || d.description
from columns as c
join pg_description as d on d.classoid = 'pg_class'::regclass and d.objoid = c.relation and d.objsubid = c.attnum
where c.relispartition
union all
select 'comment on index ' || x.label, 'indexes of constraints and of partitions are not declared by themselves: ' || d.description
from relations as x
join pg_description as d on d.classoid = 'pg_class'::regclass and d.objoid = x.oid and d.objsubid = 0
where x.relkind in ('i', 'I') and (
    x.relispartition or exists (select from pg_constraint as k where k.conindid = x.oid and k.contype in ('p', 'u', 'x'))
)
union all
select 'privileges on ' || g.label, 'given by ' || string_agg(distinct pg_get_userbyid(x.grantor), ', ') || ': deployed elsewhere its owner gives them'
from (
    select r.label, r.relowner as owner, r.relacl as acl from relations as r
    union all
    select c.column_label, r.relowner, c.attacl from columns as c join relations as r on r.oid = c.relation
    union all
    select p.oid::regprocedure::text, p.proowner, p.proacl from pg_proc as p where p.oid >= 16384
    union all
    select t.oid::regtype::text, t.typowner, t.typacl from pg_type as t where t.oid >= 16384
    union all
    select 'schema ' || quote_ident(n.nspname), n.nspowner, n.nspacl from pg_namespace as n where n.oid >= 16384
) as g
cross join lateral aclexplode(g.acl) as x
where x.grantor <> g.owner
group by g.label
union all
select 'settings of database ' || quote_ident(d.datname), 'they belong to the server: ' || string_agg(split_part(v.setting, '=', 1) || coalesce(' of ' || quote_ident(a.rolname), ''), ', ' order by v.setting)
from pg_db_role_setting as s
join pg_database as d on d.oid = s.setdatabase
left join pg_roles as a on a.oid = s.setrole
cross join lateral unnest(s.setconfig) as v (setting)
where d.datname = current_database()
group by d.datname
union all
select 'comment on database ' || quote_ident(d.datname), 'a program is deployed into a database, which it does not declare: ' || shobj_description(d.oid, 'pg_database')
from pg_database as d
where d.datname = current_database() and shobj_description(d.oid, 'pg_database') is not null
union all
select 'comment on extension ' || quote_ident(e.extname), 'pulumi-postgresql has no comments: ' || obj_description(e.oid, 'pg_extension')
from pg_extension as e
join pg_available_extensions as a on a.name = e.extname
where obj_description(e.oid, 'pg_extension') <> a.comment
union all
select 'security label on ' || pg_describe_object(l.classoid, l.objoid, l.objsubid), 'security labels are not declared: ' || l.label
from pg_seclabel as l
union all
select 'large object ' || m.oid, 'large objects are data' from pg_largeobject_metadata as m
order by 1, 2
