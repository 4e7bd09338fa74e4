-- Runs statements as whom they are meant to be run, takes each back, and tells what came of it.
create function gatepost_isolation.run_cases(cases jsonb)
returns table (state text, message text, raised boolean, affected bigint, keys text[])
language plpgsql as $$
declare
    one jsonb;
    key text;
    context text;
    touched oid;
    updated bigint;
begin
    for one in select c.value from jsonb_array_elements(cases) with ordinality as c (value, at) order by c.at loop
        state := null;
        message := '';
        raised := false;
        affected := 0;
        keys := null;
        begin
            if one ? 'before' then
                execute one ->> 'before';
            end if;
            touched := (one ->> 'touches')::regclass;
            updated := pg_stat_get_xact_tuples_updated(touched);
            perform set_config('request.jwt.claims', one ->> 'claims', true), set_config('role', one ->> 'role', true);
            if (one ->> 'reads')::boolean then
                keys := '{}';
                for key in execute one ->> 'sql' loop
                    keys := keys || key;
                end loop;
                affected := cardinality(keys);
            else
                execute one ->> 'sql';
                get diagnostics affected = row_count;
                affected := affected + coalesce(pg_stat_get_xact_tuples_updated(touched) - updated, 0);
            end if;
            raise exception using errcode = 'GP000';
        exception when others then
            get stacked diagnostics
                state = returned_sqlstate, message = message_text, context = pg_exception_context;
            -- A trigger's own statement, or what it raises, says nothing of the statement that set it off.
            raised := context ~ 'PL/pgSQL function (?!gatepost_isolation[.])';
            if state = 'GP000' then
                state := null;
                raised := false;
            end if;
        end;
        if one ? 'after' then
            begin
                execute one ->> 'after';
            exception when invalid_sql_statement_name then
                null;
            end;
        end if;
        return next;
    end loop;
end;
$$;
