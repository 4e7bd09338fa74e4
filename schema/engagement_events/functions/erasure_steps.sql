create function app.erasure_steps()
returns table (table_name text, column_name text, column_type text, on_erasure text)
language plpgsql stable
as $$
begin
    return query
    with recursive below as (
        -- What refers to others is deleted before what it refers to; a circle ends at 20.
        select
            r.table_oid,
            0 as depth
        from (
            select distinct to_regclass(p.table_name) as table_oid
            from app.personal_data as p
            where p.on_erasure = 'delete'
        ) as r
        union
        select
            k.confrelid::regclass,
            b.depth + 1
        from below as b
        inner join pg_catalog.pg_constraint as k on b.table_oid = k.conrelid
        where k.contype = 'f' and k.confrelid <> k.conrelid and b.depth < 20
    ),

    depths as (
        select
            b.table_oid,
            max(b.depth) as depth
        from below as b
        group by b.table_oid
    )

    select
        p.table_name,
        p.column_name,
        format_type(a.atttypid, null),
        p.on_erasure
    from app.personal_data as p
    inner join pg_catalog.pg_attribute as a on a.attrelid = to_regclass(p.table_name) and a.attname = p.column_name
    left join depths as d on d.table_oid = a.attrelid
    where p.on_erasure <> 'keep'
    order by p.on_erasure, d.depth, p.table_name, p.column_name;
end;
$$;
