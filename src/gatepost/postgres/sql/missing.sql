-- The first of these things by kind and name that the database does not have.
select
    n.what,
    n.name
from unnest(%(whats)s::text [], %(names)s::text []) as n (what, name)
where not case n.what
    when 'schema' then exists (select from pg_namespace where nspname = n.name)
    when 'role' then exists (select from pg_roles where rolname = n.name)
    when 'access method' then exists (select from pg_am where amname = n.name)
    when 'operator class' then exists (select from pg_opclass where opcname = n.name)
    when 'collation' then to_regcollation(n.name) is not null
end
limit 1
