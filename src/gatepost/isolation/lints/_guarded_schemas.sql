-- The schemas of the application: public, and those of whoever owns the database or the tables in public.
select
    n.oid,
    n.nspname as schema_name,
    n.nspacl as schema_acl
from pg_catalog.pg_namespace as n
where
    n.nspname not like 'pg\_%'
    and n.nspname not like 'gatepost%'
    and (
        n.nspname = 'public'
        or n.nspowner = (select d.datdba from pg_catalog.pg_database as d where d.datname = current_database())
        or exists (
            select
            from pg_catalog.pg_class as t
            where
                t.relowner = n.nspowner
                and t.relkind in ('r', 'p')
                and t.relnamespace = (select p.oid from pg_catalog.pg_namespace as p where p.nspname = 'public')
        )
    )
