-- Rules on tables, whose actions run with the rights of the table's owner
select
    'rewrite_rule' as finding,
    format('%I on %s', r.rulename, r.ev_class::regclass) as subject,
    'a rule acts as the table''s owner: write a trigger instead' as remedy
from pg_catalog.pg_rewrite as r
inner join pg_catalog.pg_class as c on c.oid = r.ev_class
inner join guarded_schemas as n on n.oid = c.relnamespace
where r.rulename <> '_RETURN'
