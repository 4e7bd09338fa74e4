-- Roles that default privileges give something on new objects of a type in a schema.
select distinct case when x.grantee = 0 then 'public' else pg_get_userbyid(x.grantee) end as grantee
from pg_default_acl as d, aclexplode(d.defaclacl) as x
where d.defaclobjtype = %(type)s
    and d.defaclrole = (select r.oid from pg_roles as r where r.rolname = current_user)
    and (d.defaclnamespace = 0 or d.defaclnamespace = to_regnamespace(quote_ident(%(schema)s)))
    and x.grantee <> d.defaclrole
order by grantee
