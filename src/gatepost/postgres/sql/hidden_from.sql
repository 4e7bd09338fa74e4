-- The tables with rows of which row security hides some when a materialized view is filled, and from whom.
with recursive filling as (
    select coalesce((
        select c.relowner
        from pg_class as c
        join pg_namespace as n on n.oid = c.relnamespace
        where c.relkind = 'm' and n.nspname = %(schema)s and c.relname = %(name)s
    ), current_user::regrole) as role
),
reached as (
    select c.oid, c.relkind, f.role
    from jsonb_to_recordset(%(relations)s::jsonb) as r (schema text, name text)
    join pg_namespace as n on n.nspname = r.schema
    join pg_class as c on c.relnamespace = n.oid and c.relname = r.name
    cross join filling as f
    union
    -- A view reads with the rights of its owner, unless it says otherwise.
    select
        u.oid,
        u.relkind,
        case when array_to_string(v.reloptions, ',') ~ 'security_invoker=(true|on|1|yes)' then s.role else v.relowner end
    from reached as s
    join pg_class as v on s.relkind = 'v' and v.oid = s.oid
    join pg_rewrite as w on w.ev_class = s.oid
    join pg_depend as d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass
    join pg_class as u on u.oid = d.refobjid and u.oid <> s.oid
),
deciding as (
    select r.oid, r.role, bool_or(p.polpermissive and p.shows_all) and bool_and(p.polpermissive or p.shows_all) as complete
    from reached as r
    left join lateral (
        select q.polpermissive, coalesce(pg_get_expr(q.polqual, q.polrelid) = 'true', false) as shows_all
        from pg_policy as q
        where q.polrelid = r.oid and q.polcmd in ('*', 'r')
            and exists (select from unnest(q.polroles) as g (oid) where g.oid = 0 or pg_has_role(r.role, g.oid, 'usage'))
    ) as p on true
    group by r.oid, r.role
)
select n.nspname::text as schema, c.relname::text as name, o.rolname::text as role
from deciding as d
join pg_class as c on c.oid = d.oid and c.relrowsecurity
join pg_namespace as n on n.oid = c.relnamespace
join pg_roles as o on o.oid = d.role and not o.rolsuper and not o.rolbypassrls
where d.complete is not true and (c.relforcerowsecurity or not pg_has_role(d.role, c.relowner, 'usage'))
order by 1, 2, 3
