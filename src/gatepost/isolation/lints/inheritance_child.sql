-- Children of tables with row security, which are read by themselves without it
select
    'inheritance_child' as finding,
    c.oid::regclass::text as subject,
    format('the table inherits from %s, but not its row security: force it, with the policies', i.inhparent::regclass)
    as remedy
from pg_catalog.pg_inherits as i
inner join pg_catalog.pg_class as c on c.oid = i.inhrelid
inner join pg_catalog.pg_class as p on p.oid = i.inhparent
where
    not c.relispartition
    and c.relkind = 'r'
    and p.relrowsecurity
    and not (c.relrowsecurity and exists (select from pg_catalog.pg_policy as y where y.polrelid = c.oid))
