-- Objects without a kind of their own, each by the words that `drop` would call it.
with found as (
    select
        'pg_proc'::regclass as catalog, p.oid, p.proowner as owner,
        jsonb_build_object(
            'of', a.aggkind, 'transition', a.aggtransfn::regprocedure::text, 'state', format_type(a.aggtranstype, null),
            'final', a.aggfinalfn::regprocedure::text, 'finalExtra', a.aggfinalextra, 'finalModifies', a.aggfinalmodify,
            'combine', a.aggcombinefn::regprocedure::text, 'serial', a.aggserialfn::regprocedure::text,
            'deserial', a.aggdeserialfn::regprocedure::text, 'initial', a.agginitval, 'sort', a.aggsortop::regoperator::text,
            'moving', a.aggmtransfn::regprocedure::text, 'parallel', p.proparallel, 'privileges', p.proacl::text
        ) as definition
    from pg_aggregate as a
    join pg_proc as p on p.oid = a.aggfnoid
    union all
    select
        'pg_operator'::regclass, o.oid, o.oprowner,
        jsonb_build_object(
            'function', o.oprcode::regprocedure::text, 'commutator', o.oprcom::regoperator::text, 'negator', o.oprnegate::regoperator::text,
            'restrict', o.oprrest::regprocedure::text, 'join', o.oprjoin::regprocedure::text, 'hashes', o.oprcanhash, 'merges', o.oprcanmerge
        )
    from pg_operator as o
    union all
    select 'pg_opfamily'::regclass, f.oid, f.opfowner, '{}'::jsonb from pg_opfamily as f
    union all
    select
        'pg_opclass'::regclass, c.oid, c.opcowner,
        jsonb_build_object(
            'type', format_type(c.opcintype, null), 'default', c.opcdefault,
            'storage', case when c.opckeytype <> 0 then format_type(c.opckeytype, null) end,
            'operators', (select jsonb_agg(jsonb_build_array(m.amopstrategy, m.amopopr::regoperator::text) order by m.amopstrategy, m.amopopr::regoperator::text) from pg_amop as m where m.amopfamily = c.opcfamily),
            'functions', (select jsonb_agg(jsonb_build_array(m.amprocnum, m.amproc::regprocedure::text) order by m.amprocnum, m.amproc::regprocedure::text) from pg_amproc as m where m.amprocfamily = c.opcfamily)
        )
    from pg_opclass as c
    union all
    select
        'pg_cast'::regclass, c.oid, 0,
        jsonb_build_object('function', c.castfunc::regprocedure::text, 'context', c.castcontext, 'method', c.castmethod)
    from pg_cast as c
    union all
    select 'pg_collation'::regclass, c.oid, c.collowner, to_jsonb(c) - '{oid,collnamespace,collowner,collversion}'::text [] from pg_collation as c
    union all
    select
        'pg_conversion'::regclass, c.oid, c.conowner,
        jsonb_build_object('from', c.conforencoding, 'to', c.contoencoding, 'function', c.conproc::regprocedure::text, 'default', c.condefault)
    from pg_conversion as c
    union all
    select
        'pg_ts_config'::regclass, c.oid, c.cfgowner,
        jsonb_build_object('parser', c.cfgparser, 'mapped', (
            select jsonb_agg(jsonb_build_array(m.maptokentype, m.mapseqno, m.mapdict::regdictionary::text) order by m.maptokentype, m.mapseqno)
            from pg_ts_config_map as m
            where m.mapcfg = c.oid
        ))
    from pg_ts_config as c
    union all
    select 'pg_ts_dict'::regclass, d.oid, d.dictowner, jsonb_build_object('options', d.dictinitoption) from pg_ts_dict as d
    union all
    select 'pg_ts_parser'::regclass, p.oid, 0, jsonb_build_object('start', p.prsstart::text, 'token', p.prstoken::text) from pg_ts_parser as p
    union all
    select 'pg_ts_template'::regclass, t.oid, 0, jsonb_build_object('init', t.tmplinit::text, 'lexize', t.tmpllexize::text) from pg_ts_template as t
    union all
    select
        'pg_event_trigger'::regclass, t.oid, t.evtowner,
        jsonb_build_object('event', t.evtevent, 'function', t.evtfoid::regprocedure::text, 'enabled', t.evtenabled, 'tags', t.evttags)
    from pg_event_trigger as t
    union all
    select
        'pg_rewrite'::regclass, r.oid, c.relowner,
        jsonb_build_object('definition', pg_get_ruledef(r.oid), 'enabled', r.ev_enabled)
    from pg_rewrite as r
    join pg_class as c on c.oid = r.ev_class
    where r.rulename <> '_RETURN'
    union all
    select
        'pg_statistic_ext'::regclass, s.oid, s.stxowner,
        jsonb_build_object('definition', pg_get_statisticsobjdef(s.oid), 'target', nullif(to_jsonb(s) ->> 'stxstattarget', '-1'))
    from pg_statistic_ext as s
    union all
    select
        'pg_foreign_data_wrapper'::regclass, w.oid, w.fdwowner,
        jsonb_build_object('handler', w.fdwhandler::regprocedure::text, 'validator', w.fdwvalidator::regprocedure::text, 'options', w.fdwoptions, 'privileges', w.fdwacl::text)
    from pg_foreign_data_wrapper as w
    union all
    select
        'pg_foreign_server'::regclass, s.oid, s.srvowner,
        jsonb_build_object('type', s.srvtype, 'version', s.srvversion, 'options', s.srvoptions, 'privileges', s.srvacl::text)
    from pg_foreign_server as s
    union all
    select
        'pg_class'::regclass, c.oid, c.relowner,
        jsonb_build_object('options', t.ftoptions, 'privileges', c.relacl::text, 'columns', (
            select jsonb_agg(jsonb_build_array(a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attfdwoptions) order by a.attnum)
            from pg_attribute as a
            where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        ))
    from pg_foreign_table as t
    join pg_class as c on c.oid = t.ftrelid
    union all
    select
        'pg_language'::regclass, l.oid, l.lanowner,
        jsonb_build_object('trusted', l.lanpltrusted, 'handler', l.lanplcallfoid::regprocedure::text, 'privileges', l.lanacl::text)
    from pg_language as l
    union all
    select
        'pg_transform'::regclass, t.oid, 0,
        jsonb_build_object('from', t.trffromsql::regprocedure::text, 'to', t.trftosql::regprocedure::text)
    from pg_transform as t
    union all
    select 'pg_am'::regclass, m.oid, 0, jsonb_build_object('handler', m.amhandler::text, 'type', m.amtype) from pg_am as m
    union all
    select
        'pg_type'::regclass, r.rngtypid, t.typowner,
        jsonb_build_object('subtype', format_type(r.rngsubtype, null), 'operators', r.rngsubopc, 'collation', r.rngcollation::regcollation::text, 'canonical', r.rngcanonical::text, 'difference', r.rngsubdiff::text)
    from pg_range as r
    join pg_type as t on t.oid = r.rngtypid
),

-- part: properties

select
    '' as schema,
    m.name,
    m.definition
from (
    select
        case i.type when 'statistics object' then 'statistics' when 'foreign-data wrapper' then 'foreign data wrapper' else i.type end || ' ' || i.identity as name,
        jsonb_strip_nulls(f.definition || jsonb_build_object(
            'owner', case when f.owner <> 0 then pg_get_userbyid(f.owner) end,
            'comment', obj_description(f.oid, f.catalog::text)
        )) as definition
    from found as f
    cross join lateral pg_identify_object(f.catalog, f.oid, 0) as i
    where f.oid >= 16384
        and not exists (select from pg_depend as e where e.classid = f.catalog and e.objid = f.oid and e.deptype in ('e', 'i'))
    union all
    select p.name, jsonb_strip_nulls(jsonb_build_object('sql', p.sql, 'undo', p.undo, 'of', nullif(jsonb_build_array(p.schema, p.relation), '[null, null]')))
    from properties as p
) as m
where (%(names)s::text[] is null or m.name = any(%(names)s))
    and (%(schema)s::text is null or %(schema)s = '')
