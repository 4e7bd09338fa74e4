-- Who is a member of which role, and what comes with it; before PostgreSQL 16 inheriting is the member's matter.
select
    g.rolname::text as role,
    m.rolname::text as member,
    bool_or(a.admin_option) as admin,
    bool_or(coalesce((to_jsonb(a) ->> 'inherit_option')::boolean, m.rolinherit)) as inherits,
    m.rolinherit as usually_inherits
from pg_auth_members as a
join pg_roles as g on g.oid = a.roleid
join pg_roles as m on m.oid = a.member
group by g.rolname, m.rolname, m.rolinherit
