-- What is at a table, its partitions and its sequences, and is no object of a program.
with relations as (
    select
        c.*, n.nspname || '.' || c.relname as label,
        rn.nspname as root_schema, rc.relname as root
    from pg_class as c
    join pg_namespace as n on n.oid = c.relnamespace
    join pg_class as rc on rc.oid = coalesce(pg_partition_root(c.oid), c.oid)
    join pg_namespace as rn on rn.oid = rc.relnamespace
    where c.relkind in ('r', 'p')
)

-- Tables as declared are enabled in full: foreign keys too, whose triggers have no declaration.
select
    r.root_schema as schema, r.root as table, 'foreign key' as kind,
    coalesce(k.conname, t.tgname) || ' on ' || r.label as name, 'enforced' as expected, 'its trigger is disabled' as found
from pg_trigger as t
join relations as r on r.oid = t.tgrelid
left join pg_constraint as k on k.oid = t.tgconstraint
where t.tgisinternal and t.tgparentid = 0 and t.tgenabled <> 'O'
union
select r.root_schema, r.root, 'column', r.label || '.' || a.attname, 'not null in every row', 'not null only in new rows'
from pg_constraint as k
join relations as r on r.oid = k.conrelid
join pg_attribute as a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
where k.contype = 'n' and not k.convalidated
union
select r.root_schema, r.root, 'table', r.label, 'logged', 'unlogged: a crash empties it'
from relations as r
where r.relpersistence = 'u'
union
select r.root_schema, r.root, 'policy', p.polname || ' on ' || r.label, 'no such policy', 'there'
from pg_policy as p
join relations as r on r.oid = p.polrelid
where r.relispartition
    and not exists (select from pg_policy as w where w.polrelid = pg_partition_root(r.oid) and w.polname = p.polname)
union
select r.root_schema, r.root, 'trigger', t.tgname || ' on ' || r.label, 'no such trigger', 'there'
from pg_trigger as t
join relations as r on r.oid = t.tgrelid
join pg_proc as f on f.oid = t.tgfoid
where r.relispartition and not t.tgisinternal and t.tgparentid = 0 and f.pronamespace <> 'pg_catalog'::regnamespace
    and not exists (select from pg_namespace as g where g.oid = f.pronamespace and g.nspname = 'gatepost')
union
select r.root_schema, r.root, 'rule', w.rulename || ' on ' || r.label, 'no such rule', 'there'
from pg_rewrite as w
join relations as r on r.oid = w.ev_class
union
select
    r.root_schema, r.root, 'privileges', coalesce(g.rolname, 'public') || ' on ' || s.oid::regclass::text, 'nothing',
    string_agg(lower(x.privilege_type), ', ' order by x.privilege_type)
from pg_class as s
join pg_depend as d on d.classid = 'pg_class'::regclass and d.objid = s.oid and d.deptype = 'i'
join relations as r on r.oid = d.refobjid
cross join aclexplode(s.relacl) as x
left join pg_roles as g on g.oid = x.grantee
where s.relkind = 'S' and x.grantee <> s.relowner
group by r.root_schema, r.root, g.rolname, s.oid
order by 1, 2, 3, 4
