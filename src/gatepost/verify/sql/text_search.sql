-- Text search that came with the server and is not as it came: what a search column's words are made by.
with configurations as (
    select
        c.cfgname || ' for ' || t.alias as name,
        coalesce((
            select string_agg(m.mapdict::regdictionary::text, ', ' order by m.mapseqno)
            from pg_ts_config_map as m
            where m.mapcfg = c.oid and m.maptokentype = t.tokid
        ), 'nothing') as found,
        case
            when t.alias in ('blank', 'entity', 'protocol', 'tag') then 'nothing'
            when c.cfgname = 'simple' or t.alias !~ '^((ascii)?(h?word)|hword_(ascii)?part)$' then 'simple'
            when c.cfgname in ('hindi', 'russian') and t.alias ~ 'ascii' then 'english_stem'
            else c.cfgname || '_stem'
        end as expected
    from pg_ts_config as c
    cross join ts_token_type('pg_catalog.default') as t
    where c.oid < 16384 and c.cfgnamespace = 'pg_catalog'::regnamespace
), dictionaries as (
    select
        d.dictname as name,
        coalesce(d.dictinitoption, 'nothing') as found,
        case
            when d.dictname = 'simple' then 'nothing'
            else format('language = %1$L', l.language) || case
                when l.language = any('{danish,dutch,english,finnish,french,german,hungarian,italian,nepali,norwegian,portuguese,russian,spanish,swedish,turkish}')
                then format(', stopwords = %1$L', l.language) else ''
            end
        end as expected
    from pg_ts_dict as d
    cross join lateral (select replace(d.dictname, '_stem', '')) as l (language)
    where d.oid < 16384 and d.dictnamespace = 'pg_catalog'::regnamespace
)
select 'text search configuration' as kind, * from configurations where found <> expected
union all
select 'text search dictionary', * from dictionaries where found <> expected
order by 1, 2
