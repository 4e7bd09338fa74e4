create function app.keep_tombstone() returns trigger
language plpgsql
as $$
begin
    execute format('update %I.%I set deleted = true where id = $1', tg_table_schema, tg_table_name)
        using old.id;
    return null;
end;
$$;
