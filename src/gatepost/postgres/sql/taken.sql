-- Argument types of a function beside those of another: the first as an expression names it, and whether it is taken for the second without a cast.
-- A type that is not there yet takes anything.
select
    (select format_type(y.oid, null) from pg_type as y where y.typname = g.old order by pg_type_is_visible(y.oid) desc limit 1) as spelled,
    not exists (select from pg_type as y where y.typname = g.new)
    or exists (
        select
        from pg_type as s
        join pg_type as t on t.typname = g.new
        where s.typname = g.old
            and (
                t.oid in (s.oid, s.typbasetype)
                or t.typtype in ('p', 'd')
                or exists (select from pg_cast as x where x.castsource in (s.oid, s.typbasetype) and x.casttarget = t.oid and x.castcontext = 'i')
            )
    ) as taken
from unnest(%(old)s::text [], %(new)s::text []) with ordinality as g (old, new, position)
order by g.position
