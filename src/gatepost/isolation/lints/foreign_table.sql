-- Foreign tables that requests may read: row security does not reach them
select distinct
    'foreign_table' as finding,
    c.oid::regclass::text as subject,
    'a foreign table has no row security: revoke it from the roles of requests' as remedy
from pg_catalog.pg_class as c
cross join lateral aclexplode(c.relacl) as x
where
    c.relkind = 'f'
    and (x.grantee = 0 or x.grantee in (select a.oid from api_roles as a))
