-- Requests' roles that can become another, or hand on what they are
select
    'role_escalation' as finding,
    a.role_name as subject,
    format('revoke %I from %I: it could take on that role and its rights', g.rolname, a.role_name) as remedy
from api_roles as a
inner join pg_catalog.pg_auth_members as m on m.member = a.oid
inner join pg_catalog.pg_roles as g on g.oid = m.roleid
where a.is_taken_on or m.admin_option
