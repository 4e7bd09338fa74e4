-- Privileges that everybody or a role of requests will have on what is made later
select distinct
    'default_privilege' as finding,
    pg_get_userbyid(d.defaclrole)::text as subject,
    format(
        'alter default privileges for role %I revoke %s on %s from %s',
        pg_get_userbyid(d.defaclrole), x.privilege_type,
        case d.defaclobjtype
            when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions' when 'T' then 'types' else 'schemas'
        end,
        coalesce(a.role_name, 'public')
    ) as remedy
from pg_catalog.pg_default_acl as d
cross join lateral aclexplode(d.defaclacl) as x
left join api_roles as a on a.oid = x.grantee
where
    (x.grantee = 0 or a.oid is not null)
    and d.defaclobjtype <> 'T'
    and pg_get_userbyid(d.defaclrole) in (
        select pg_get_userbyid(c.relowner)
        from pg_catalog.pg_class as c
        inner join guarded_schemas as n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p') and not exists (
            select from pg_catalog.pg_roles as s where s.oid = c.relowner and s.rolsuper
        )
    )
