-- Who needs whom, and (deptype P) what is a part of what: a row type of its table, an index of its constraint.
select d.classid::regclass::text as catalog, d.objid::bigint as oid, d.refclassid::regclass::text as on_catalog, d.refobjid::bigint as on_oid, d.deptype::text as deptype
from pg_depend as d
where d.objid >= 16384 and d.refobjid >= 16384 and d.deptype in ('n', 'a', 'i') and d.refclassid <> 'pg_extension'::regclass
union all
select 'pg_attrdef', a.oid::bigint, 'pg_class', a.adrelid::bigint, 'P' from pg_attrdef as a where a.oid >= 16384
union all
select 'pg_rewrite', r.oid::bigint, 'pg_class', r.ev_class::bigint, 'P' from pg_rewrite as r where r.oid >= 16384 and r.rulename = '_RETURN'
union all
select 'pg_type', t.oid::bigint, 'pg_class', t.typrelid::bigint, 'P'
from pg_type as t
where t.oid >= 16384 and t.typrelid <> 0
union all
select 'pg_class', c.oid::bigint, 'pg_type', c.reltype::bigint, 'P' from pg_class as c where c.oid >= 16384 and c.relkind = 'c'
union all
select 'pg_type', t.typarray::bigint, 'pg_type', t.oid::bigint, 'P' from pg_type as t where t.oid >= 16384 and t.typarray <> 0
union all
select 'pg_class', k.conindid::bigint, 'pg_constraint', k.oid::bigint, 'P'
from pg_constraint as k
where k.conindid >= 16384 and k.contype in ('p', 'u', 'x')
union all
select 'pg_constraint', k.oid::bigint, 'pg_type', k.contypid::bigint, 'P' from pg_constraint as k where k.contypid >= 16384
union all
select 'pg_type', r.rngmultitypid::bigint, 'pg_type', r.rngtypid::bigint, 'P' from pg_range as r where r.rngtypid >= 16384
union all
select 'pg_publication_rel', r.oid::bigint, 'pg_publication', r.prpubid::bigint, 'P' from pg_publication_rel as r
