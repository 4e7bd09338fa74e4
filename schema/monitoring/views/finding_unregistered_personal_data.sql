create view monitoring.finding_unregistered_personal_data with (security_invoker = true) as
with user_keys as (
    select
        k.conrelid,
        unnest(k.conkey) as attnum,
        unnest(k.confkey) as key_attnum
    from pg_catalog.pg_constraint as k
    where k.contype = 'f' and k.confrelid = 'public.users'::regclass
),

named_columns as (
    select
        c.oid,
        a.attnum,
        a.attname::text as column_name,
        n.schema_name || '.' || c.relname as table_name
    from pg_catalog.pg_attribute as a
    inner join pg_catalog.pg_class as c on a.attrelid = c.oid
    inner join monitoring.guarded_schemas as n on c.relnamespace = n.oid
    where
        c.relkind in ('r', 'p')
        and not c.relispartition
        and a.attnum > 0
        and not a.attisdropped
        and a.atttypid in ('uuid'::regtype, 'uuid[]'::regtype)
)

select -- noqa: ST06
    'unregistered_personal_data' as finding,
    c.table_name || '.' || c.column_name as subject,
    'say in app.personal_data what becomes of it when the user is erased' as remedy
from named_columns as c
where
    (
        (c.table_name, c.column_name) = ('public.users', 'id')
        or c.column_name ~ '(^|_)(user|author|actor|owner|creator|sender|recipient|reviewer|approver)_ids?$'
        or c.column_name ~ '_by$'
        or exists (
            select 1
            from user_keys as k
            inner join pg_catalog.pg_attribute as u on k.key_attnum = u.attnum
            where
                u.attrelid = 'public.users'::regclass
                and u.attname = 'id'
                and k.conrelid = c.oid
                and k.attnum = c.attnum
        )
    )
    and not exists (
        select 1
        from app.personal_data as p
        where p.table_name = c.table_name and p.column_name = c.column_name
    );
