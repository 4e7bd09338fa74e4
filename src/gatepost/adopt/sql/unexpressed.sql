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

select 'table ' || r.label as what, 'it is unlogged: declared partitions are logged' as reason from relations as r where r.relkind in ('r', 'p') and r.relpersistence = 'u' and r.relispartition
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
select 'replica identity of table ' || r.label, 'its index ' || quote_ident(x.relname) || ' belongs to one of the whole table: elsewhere it has another name'
from relations as r
join pg_index as i on i.indrelid = r.oid and i.indisreplident
join pg_class as x on x.oid = i.indexrelid and x.relispartition
where r.relreplident = 'i'
union all
select 'clustering of table ' || r.label, 'its index ' || quote_ident(x.relname) || ' belongs to one of the whole table: elsewhere it has another name'
from relations as r
join pg_index as i on i.indrelid = r.oid and i.indisclustered
join pg_class as x on x.oid = i.indexrelid and x.relispartition
union all
select 'index ' || i.indexrelid::regclass::text, 'it is not valid: deployed elsewhere it is'
from pg_index as i
join relations as r on r.oid = i.indrelid
where not i.indisvalid and r.relkind = 'r'
union all
select 'index ' || x.oid::regclass::text || ' column ' || a.attnum, 'statistics target ' || a.attstattarget || ' is not declared: it belongs to an index of the whole table'
from pg_attribute as a
join pg_class as x on x.oid = a.attrelid and x.relkind in ('i', 'I')
join pg_index as i on i.indexrelid = x.oid
join relations as r on r.oid = i.indrelid
where coalesce(a.attstattarget, -1) >= 0 and x.relispartition
union all
-- The usual name has the longer of both names cut first.
select
    'names in table ' || r.label,
    'its constraints of not null have names of their own, which are not declared: ' || string_agg(quote_ident(k.conname), ', ' order by k.conname)
from pg_constraint as k
join relations as r on r.oid = k.conrelid
join pg_attribute as a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
cross join lateral (select length(r.relname) as relation, length(a.attname) as attribute) as size
where k.contype = 'n' and k.conislocal and not (k.coninhcount > 0 and (r.relispartition or not a.attislocal))
    and k.conname <> left(r.relname, greatest(27, 53 - size.attribute)) || '_' || left(a.attname, greatest(26, 53 - size.relation)) || '_not_null'
group by r.label
union all
select 'not null of column ' || c.column_label, 'it is its own beside the one that it inherits, and stays when that goes: deployed elsewhere it is inherited alone'
from columns as c
join pg_constraint as k on k.conrelid = c.attrelid and k.contype = 'n' and k.conkey[1] = c.attnum
where k.conislocal and k.coninhcount > 0 and (c.relispartition or not c.attislocal)
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
select distinct 'constraint ' || quote_ident(k.conname) || ' on ' || r.label, 'triggers that keep it are disabled: deployed elsewhere it keeps out what it says'
from pg_trigger as t
join pg_constraint as k on k.oid = t.tgconstraint
join relations as r on r.oid = k.conrelid
where t.tgisinternal and t.tgenabled not in ('O', 'A')
union all
select 'sequence ' || q.label, 'it counts an identity column, with which it is declared: it has another name by itself elsewhere, and neither comment nor privileges'
from relations as q
join pg_depend as u on u.classid = 'pg_class'::regclass and u.objid = q.oid and u.refclassid = 'pg_class'::regclass and u.deptype = 'i'
join pg_class as t on t.oid = u.refobjid
join pg_attribute as a on a.attrelid = t.oid and a.attnum = u.refobjsubid
cross join lateral (select length(t.relname) as relation, length(a.attname) as attribute) as size
where q.relkind = 'S' and q.relname <> left(t.relname, greatest(29, 58 - size.attribute)) || '_' || left(a.attname, greatest(29, 58 - size.relation)) || '_seq'
union all
select 'sequence ' || q.label, 'it counts an identity column, and is ' || case q.relpersistence when 'u' then 'unlogged' else 'logged' end || ' where its table is not: elsewhere both are alike'
from relations as q
join pg_depend as u on u.classid = 'pg_class'::regclass and u.objid = q.oid and u.refclassid = 'pg_class'::regclass and u.deptype = 'i'
join pg_class as t on t.oid = u.refobjid
where q.relkind = 'S' and q.relpersistence <> t.relpersistence
union all
select 'constraint ' || quote_ident(k.conname) || ' on domain ' || k.contypid::regtype, 'it is not validated: deployed elsewhere it is'
from pg_constraint as k
where k.contypid <> 0 and k.oid >= 16384 and not k.convalidated
union all
select 'constraint ' || quote_ident(k.conname) || ' on domain ' || k.contypid::regtype, 'it has a name of its own, which is not declared'
from pg_constraint as k
join pg_type as t on t.oid = k.contypid
where k.oid >= 16384 and k.contype = 'n' and k.conname <> left(t.typname, 54) || '_not_null'
union all
select 'trigger ' || quote_ident(t.tgname) || ' on ' || r.label, 'it is another one than on its table: made as its partition it is that'
from pg_trigger as t
join relations as r on r.oid = t.tgrelid
join pg_trigger as p on p.oid = t.tgparentid
where t.tgenabled <> p.tgenabled and not t.tgisinternal
union all
select
    'names of indexes of table ' || pg_partition_root(r.oid)::regclass::text,
    'those of its partitions have the names that they have by themselves elsewhere, not ' || string_agg(quote_ident(x.relname), ', ' order by x.relname)
from relations as r
join pg_index as i on i.indrelid = r.oid
join pg_class as x on x.oid = i.indexrelid and x.relispartition
join pg_inherits as h on h.inhrelid = x.oid
left join pg_constraint as k on k.conindid = x.oid and k.contype in ('p', 'u', 'x')
cross join lateral (
    select string_agg(a.attname, '_' order by a.attnum) as names from pg_attribute as a where a.attrelid = h.inhparent
) as c
cross join lateral (
    select case k.contype when 'p' then '' else '_' || c.names end as names, case k.contype when 'p' then '_pkey' when 'u' then '_key' when 'x' then '_excl' else '_idx' end as ending
) as e
cross join lateral (select 63 - length(e.ending) as room, length(r.relname) as relation, length(e.names) as columns) as size
where not starts_with(
    x.relname,
    case when size.relation + size.columns <= size.room
        then r.relname || e.names || e.ending
        else left(r.relname, greatest((size.room + 1) / 2 - 1, size.room - size.columns))
    end
)
group by 1
union all
select 'index ' || x.label, 'not every partition has it: deployed elsewhere they have'
from pg_index as i
join relations as x on x.oid = i.indexrelid
where not i.indisvalid and x.relkind = 'I'
union all
select 'foreign table ' || r.label, 'it is a partition of ' || i.inhparent::regclass::text || ': declared it stands by itself'
from relations as r
join pg_inherits as i on i.inhrelid = r.oid
where r.relkind = 'f' and r.relispartition
union all
select 'publication ' || quote_ident(p.pubname), 'it publishes generated columns, which is not declared'
from pg_publication as p
where to_jsonb(p) ->> 'pubgencols' = 's'
union all
select 'comment on constraint ' || quote_ident(k.conname) || ' on ' || r.label, 'constraints of not null are declared with their columns: ' || d.description
from pg_constraint as k
join relations as r on r.oid = k.conrelid
join pg_description as d on d.classoid = 'pg_constraint'::regclass and d.objoid = k.oid
where k.contype = 'n'
union all
select 'constraint ' || quote_ident(k.conname) || ' on ' || r.label, 'tables that inherit do without it: deployed elsewhere they do not'
from pg_constraint as k
join relations as r on r.oid = k.conrelid
where k.contype = 'n' and k.connoinherit
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
select 'table ' || r.label, 'its columns stand in another order than those of its table: made as its partition they do not'
from relations as r
join pg_inherits as i on i.inhrelid = r.oid
where r.relispartition and r.relkind in ('r', 'p') and (
    select array_agg(a.attname order by a.attnum) from pg_attribute as a where a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
) <> (
    select array_agg(a.attname order by a.attnum) from pg_attribute as a where a.attrelid = i.inhparent and a.attnum > 0 and not a.attisdropped
)
union all
select 'policies of table ' || r.label, 'it lacks those of its table: made as its partition with row security it has them'
from relations as r
join pg_class as p on p.oid = pg_partition_root(r.oid)
where r.relispartition and r.relkind in ('r', 'p') and not (p.relrowsecurity and not r.relrowsecurity) and exists (
    select from pg_policy as o
    where o.polrelid = p.oid and not exists (select from pg_policy as w where w.polrelid = r.oid and w.polname = o.polname)
)
union all
select 'comment on index ' || x.label, 'it belongs to an index of the whole table, and has another name elsewhere: ' || d.description
from relations as x
join pg_description as d on d.classoid = 'pg_class'::regclass and d.objoid = x.oid and d.objsubid = 0
where x.relkind in ('i', 'I') and x.relispartition
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
select 'security label on ' || pg_describe_object(l.classoid, l.objoid, l.objsubid), 'security labels are not declared: ' || l.label
from pg_seclabel as l
union all
select 'large object ' || m.oid, 'large objects are data' from pg_largeobject_metadata as m
order by 1, 2
