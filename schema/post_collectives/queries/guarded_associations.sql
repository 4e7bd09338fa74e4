-- Whether associations can be read, are guarded by a policy for each command, and audited by triggers
-- as: service_role
-- grows: constant
select
    c.relrowsecurity
    and c.relforcerowsecurity
    and (
        select count(distinct y.polcmd) = 4
        from pg_catalog.pg_policy as y
        where y.polrelid = c.oid and to_regrole('authenticated')::oid = any(y.polroles)
    )
    and (
        select count(*) = 3
        from pg_catalog.pg_trigger as t
        where t.tgrelid = c.oid and t.tgname ~ '^post_collectives_record_' and t.tgenabled in ('O', 'A')
    )
    and coalesce((
        select pc.post_id is not null
        from public.post_collectives as pc
        order by pc.post_id asc
        limit 1
    ), true) as is_guarded
from pg_catalog.pg_class as c
where c.oid = 'public.post_collectives'::regclass;
