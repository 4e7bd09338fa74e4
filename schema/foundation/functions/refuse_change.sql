create function app.refuse_change() returns trigger
language plpgsql
as $$
begin
    raise exception 'table "%.%" is append-only: % refused', tg_table_schema, tg_table_name, lower(tg_op)
        using errcode = 'insufficient_privilege', hint = 'write a new row that corrects the old one';
end;
$$;
