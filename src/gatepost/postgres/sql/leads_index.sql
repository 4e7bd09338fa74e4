-- Whether an index of all rows begins with a column, so that its highest value is found at once.
select exists(
    select
    from pg_index as i
    join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
    join pg_class as c on c.oid = i.indexrelid
    join pg_am as m on m.oid = c.relam
    where i.indrelid = to_regclass(format('%%I.%%I', %(schema)s::text, %(table)s::text))
        and a.attname = %(column)s and i.indisvalid and i.indpred is null and m.amname = 'btree'
) as leads
