-- What a view and a materialized view, c, have in common: pairs of jsonb_build_object.
'owner', pg_get_userbyid(c.relowner),
'comment', obj_description(c.oid, 'pg_class'),
'columnComments', coalesce((
    select jsonb_object_agg(a.attname, d.description)
    from pg_description as d
    join pg_attribute as a on a.attrelid = d.objoid and a.attnum = d.objsubid
    where d.classoid = 'pg_class'::regclass and d.objoid = c.oid and d.objsubid > 0
), '{}')
