create view monitoring.finding_unerasable_personal_data with (security_invoker = true) as
with registered as (
    select
        p.table_name,
        p.column_name,
        p.on_erasure,
        case p.on_erasure when 'delete' then 'd' else 'w' end as command,
        to_regclass(p.table_name) as table_oid
    from app.personal_data as p
    where p.on_erasure <> 'keep'
),

found as (
    select
        r.table_name,
        r.column_name,
        case
            when a.attnum is null then 'there is no such column: take it out of app.personal_data'
            when
                a.atttypid not in ('uuid'::regtype, 'text'::regtype)
                then 'only columns of the types uuid and text can be erased'
            when
                r.on_erasure = 'anonymize' and a.attnotnull
                then 'it cannot be null: drop not null, or delete the row'
            when
                not has_column_privilege('service_role', r.table_oid, r.column_name, 'select')
                then 'grant select on it to service_role'
            when
                r.on_erasure = 'delete' and not has_table_privilege('service_role', r.table_oid, 'delete')
                then 'grant delete on the table to service_role'
            when
                r.on_erasure = 'anonymize'
                and not has_column_privilege('service_role', r.table_oid, r.column_name, 'update')
                then 'grant update on it to service_role'
            when
                c.relrowsecurity
                and (
                    select count(distinct wanted.command)
                    from pg_catalog.pg_policy as y
                    inner join (values ('r'), (r.command)) as wanted (command)
                        on y.polcmd::text in ('*', wanted.command)
                    where
                        y.polrelid = r.table_oid
                        and y.polpermissive
                        and to_regrole('service_role')::oid = any(y.polroles)
                        and pg_get_expr(y.polqual, y.polrelid) = 'true'
                ) < 2
                then 'let a policy of service_role show it every row'
        end as remedy
    from registered as r
    left join pg_catalog.pg_class as c on r.table_oid = c.oid
    left join pg_catalog.pg_attribute as a
        on r.table_oid = a.attrelid and r.column_name = a.attname and not a.attisdropped
)

select -- noqa: ST06
    'unerasable_personal_data' as finding,
    f.table_name || '.' || f.column_name as subject,
    f.remedy
from found as f
where f.remedy is not null;
