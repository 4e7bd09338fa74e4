create view monitoring.finding_bypassing_role with (security_invoker = true) as
select
    'bypassing_role' as finding,
    r.rolname::text as subject,
    'an application role must be neither superuser nor bypassrls' as remedy
from pg_catalog.pg_roles as r
where
    r.rolname in ('anon', 'authenticated', 'authenticator', 'app_owner', 'app_definer', 'app_monitor')
    and (r.rolsuper or r.rolbypassrls);
