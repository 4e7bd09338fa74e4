-- What stands in the database outside every schema, by the name that PostgreSQL gives it.
select i.type as kind, i.identity as name
from (
    select 'pg_event_trigger'::regclass as catalog, oid from pg_event_trigger
    union all
    select 'pg_cast'::regclass, oid from pg_cast
    union all
    select 'pg_foreign_data_wrapper'::regclass, oid from pg_foreign_data_wrapper
    union all
    select 'pg_foreign_server'::regclass, oid from pg_foreign_server
    union all
    select 'pg_language'::regclass, oid from pg_language
    union all
    select 'pg_subscription'::regclass, oid from pg_subscription
    where subdbid = (select d.oid from pg_database as d where d.datname = current_database())
    union all
    select 'pg_publication'::regclass, oid from pg_publication where puballtables
    union all
    select 'pg_extension'::regclass, oid from pg_extension
) as o
cross join pg_identify_object(o.catalog, o.oid, 0) as i
where o.oid >= 16384
    and not exists (
        select from pg_depend as e where e.classid = o.catalog and e.objid = o.oid and e.deptype = 'e'
    )
order by 1, 2
