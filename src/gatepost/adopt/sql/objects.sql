-- Every object that a kind may declare, by its place in the catalogs; as text, for a name would be cut.
select 'pg_class' as catalog, c.oid::bigint as oid,
    case c.relkind when 'v' then 'views' when 'm' then 'materialized_views' when 'S' then 'sequences' else 'tables' end as kind,
    n.nspname as schema, c.relname::text as name, ''::text as object, pg_get_userbyid(c.relowner) as owner
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'S')
union all
select 'pg_class', i.indexrelid::bigint, 'indexes', n.nspname, c.relname, ic.relname, pg_get_userbyid(c.relowner)
from pg_index as i
join pg_class as ic on ic.oid = i.indexrelid
join pg_class as c on c.oid = i.indrelid
join pg_namespace as n on n.oid = c.relnamespace
union all
select 'pg_constraint', k.oid::bigint, 'constraints', n.nspname, c.relname, k.conname, pg_get_userbyid(c.relowner)
from pg_constraint as k
join pg_class as c on c.oid = k.conrelid
join pg_namespace as n on n.oid = c.relnamespace
union all
select 'pg_policy', p.oid::bigint, 'policies', n.nspname, c.relname, p.polname, pg_get_userbyid(c.relowner)
from pg_policy as p
join pg_class as c on c.oid = p.polrelid
join pg_namespace as n on n.oid = c.relnamespace
union all
select 'pg_trigger', t.oid::bigint, 'triggers', n.nspname, c.relname, t.tgname, pg_get_userbyid(c.relowner)
from pg_trigger as t
join pg_class as c on c.oid = t.tgrelid
join pg_namespace as n on n.oid = c.relnamespace
where not t.tgisinternal
union all
select 'pg_proc', p.oid::bigint, 'functions', n.nspname, p.proname,
    coalesce((
        select string_agg(t.typname, ',' order by a.position)
        from unnest(p.proargtypes) with ordinality as a (type, position)
        join pg_type as t on t.oid = a.type
    ), ''),
    pg_get_userbyid(p.proowner)
from pg_proc as p
join pg_namespace as n on n.oid = p.pronamespace
where p.oid >= 16384 and p.prokind <> 'a'
union all
select 'pg_type', t.oid::bigint, 'types', n.nspname, t.typname, '', pg_get_userbyid(t.typowner)
from pg_type as t
join pg_namespace as n on n.oid = t.typnamespace
where t.oid >= 16384
    and (t.typtype in ('e', 'd') or exists (select from pg_class as c where c.oid = t.typrelid and c.relkind = 'c'))
union all
select 'pg_publication', p.oid::bigint, 'publications', '', p.pubname, '', pg_get_userbyid(p.pubowner)
from pg_publication as p
union all
select
    o.catalog::text, o.oid::bigint, 'verbatim', '',
    case i.type when 'statistics object' then 'statistics' when 'foreign-data wrapper' then 'foreign data wrapper' else i.type end || ' ' || i.identity,
    '', case when o.owner = 0 then current_user else pg_get_userbyid(o.owner) end
from (
    select 'pg_proc'::regclass as catalog, oid, proowner as owner from pg_proc where prokind = 'a'
    union all
    select 'pg_operator'::regclass, oid, oprowner from pg_operator
    union all
    select 'pg_opfamily'::regclass, oid, opfowner from pg_opfamily
    union all
    select 'pg_opclass'::regclass, oid, opcowner from pg_opclass
    union all
    select 'pg_cast'::regclass, oid, 0 from pg_cast
    union all
    select 'pg_collation'::regclass, oid, collowner from pg_collation
    union all
    select 'pg_conversion'::regclass, oid, conowner from pg_conversion
    union all
    select 'pg_ts_config'::regclass, oid, cfgowner from pg_ts_config
    union all
    select 'pg_ts_dict'::regclass, oid, dictowner from pg_ts_dict
    union all
    select 'pg_ts_parser'::regclass, oid, 0 from pg_ts_parser
    union all
    select 'pg_ts_template'::regclass, oid, 0 from pg_ts_template
    union all
    select 'pg_event_trigger'::regclass, oid, evtowner from pg_event_trigger
    union all
    select 'pg_rewrite'::regclass, r.oid, c.relowner from pg_rewrite as r join pg_class as c on c.oid = r.ev_class where r.rulename <> '_RETURN'
    union all
    select 'pg_statistic_ext'::regclass, oid, stxowner from pg_statistic_ext
    union all
    select 'pg_foreign_data_wrapper'::regclass, oid, fdwowner from pg_foreign_data_wrapper
    union all
    select 'pg_foreign_server'::regclass, oid, srvowner from pg_foreign_server
    union all
    select 'pg_class'::regclass, oid, relowner from pg_class where relkind = 'f'
    union all
    select 'pg_language'::regclass, oid, lanowner from pg_language
    union all
    select 'pg_transform'::regclass, oid, 0 from pg_transform
    union all
    select 'pg_am'::regclass, oid, 0 from pg_am
    union all
    select 'pg_type'::regclass, oid, typowner from pg_type where typtype = 'r'
) as o
cross join lateral pg_identify_object(o.catalog, o.oid, 0) as i
where o.oid >= 16384
