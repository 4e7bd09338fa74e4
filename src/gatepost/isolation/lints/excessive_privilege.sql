-- Truncate, references, trigger or maintain in the hands of an API role
select distinct
    'excessive_privilege' as finding,
    p.oid::regclass::text as subject,
    format('revoke %s on %s from %s', (p.given).privilege_type, p.oid::regclass, a.role_name) as remedy
from (
    select
        c.oid,
        c.relnamespace,
        aclexplode(c.relacl) as given
    from pg_catalog.pg_class as c
    union all
    select
        c.oid,
        c.relnamespace,
        aclexplode(t.attacl) as given
    from pg_catalog.pg_attribute as t
    inner join pg_catalog.pg_class as c on c.oid = t.attrelid
) as p
inner join guarded_schemas as n on n.oid = p.relnamespace
inner join api_roles as a on a.oid = (p.given).grantee
where (p.given).privilege_type in ('TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN')
