create view monitoring.health_wraparound with (security_invoker = true) as
select
    'wraparound' as component,
    age(c.relfrozenxid)::numeric as measure,
    c.oid::regclass || ' is ' || age(c.relfrozenxid) || ' transactions old' as detail
from pg_catalog.pg_class as c
where c.relkind in ('r', 'm', 't')
order by age(c.relfrozenxid) desc
limit 1;
