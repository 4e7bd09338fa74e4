-- Identities and switches that are set for every session and survive its transactions
select
    'session_setting' as finding,
    coalesce(r.rolname::text, 'every role') as subject,
    format(
        'alter %s reset %s: an identity lasts for one transaction',
        coalesce('role ' || quote_ident(r.rolname), 'database'), split_part(g.setting, '=', 1)
    ) as remedy
from pg_catalog.pg_db_role_setting as s
cross join lateral unnest(s.setconfig) as g (setting)
left join pg_catalog.pg_roles as r on r.oid = s.setrole
where
    s.setdatabase in (0, (select d.oid from pg_catalog.pg_database as d where d.datname = current_database()))
    and split_part(g.setting, '=', 1) ~ '^(request[.].*|app[.].*|role|session_authorization|row_security)$'
