"""Columns of `new` and `old` that a table has not: told before every write fails by them, and only then."""

from __future__ import annotations

import psycopg
import pytest
from fix_provider import Deploy, Refused, col
from psycopg.sql import SQL

HEAD = "create function touch() returns trigger language plpgsql as $$"
WRITES = (
    "insert into posts (id, title) values (1, 'a')",
    "update posts set title = 'b'",
    "delete from posts",
)

WRONG = {
    "assigned": "begin new.titel := 'x'; return new; end",
    "read": "begin new.title := lower(new.titel); return new; end",
    "in a statement": "begin insert into log select new.titel; return new; end",
    "in an update": "begin update log set a = new.titel where a = new.title; return new; end",
    "into": "begin select 'x' into new.titel; return new; end",
    "as a value of dynamic SQL": "begin execute 'select $1' using new.titel; return new; end",
    "raised": "begin raise notice '%', new.titel; return new; end",
    "of old": "begin if old.titel is null then return new; end if; return new; end",
    "in a loop": "begin for i in 1 .. 2 loop new.titel := i; end loop; return new; end",
    "after a condition of data": "begin if new.title = 'b' then new.titel := 1; end if; return new; end",
    "where data and event meet": "begin if tg_op = 'UPDATE' and new.titel = 'a' then end if; return new; end",
    "for one event": "begin if tg_op = 'UPDATE' then new.titel := 1; end if; return new; end",
    "for all but one": "begin if tg_op <> 'INSERT' then old.titel := 1; end if; return null; end",
    "for the others": "begin if tg_op in ('INSERT') then null; else old.titel := 1; end if; return null; end",
    "after the end of another": "begin if tg_op = 'DELETE' then return old; end if; return new.titel; end",
    "in a case": "begin case tg_op when 'UPDATE' then new.titel := 1; else null; end case; return new; end",
    "quoted": 'begin new."Title" := 1; return new; end',
    "in a query with other sources": "begin perform from log where a = new.titel; return new; end",
}
RIGHT = {
    "every column": "begin new.title := lower(new.title) || old.id; return new; end",
    "whole": "begin perform to_jsonb(new) ->> 'titel'; return new; end",
    "dynamic SQL": "begin execute 'select ($1).title' using new; return new; end",
    "another table": "begin if tg_table_name = 'others' then new.titel := 1; end if; return new; end",
    "after the end of another table": (
        "begin if tg_table_name = 'posts' then return new; end if; new.titel := 1; return new; end"
    ),
    "another table in a case": (
        "begin case tg_relid::regclass::text when 'posts' then null; else new.titel := 1; end case;"
        " return new; end"
    ),
    "another table in a variable": (
        "declare t text := tg_table_name; begin if t = 'others' then new.titel := 1; end if; return new; end"
    ),
    "column that is looked up": (
        "begin if to_jsonb(new) ? 'titel' then new.titel := 1; end if; return new; end"
    ),
    "column that was looked up": (
        "declare has boolean; begin has := to_jsonb(new) ? 'titel';"
        " if has then new.titel := 1; end if; return new; end"
    ),
    "argument": "begin if tg_argv[0] = 'titel' then new.titel := 1; end if; return new; end",
    "handled": "begin begin new.titel := 1; exception when others then null; end; return new; end",
    "own variable": "declare new record; begin select 1 as titel into new; return new.titel; end",
    "another event": "begin if tg_op = 'TRUNCATE' then new.titel := 1; end if; return new; end",
    "after the end of all": "begin return new; new.titel := 1; end",
    "system column": "begin if old.tableoid = 1 then return null; end if; return new; end",
}


def check(deploy: Deploy, body: str, events: list[str]) -> None:
    deploy.check("Table", "posts", {"name": "posts", "columns": [col("id", "integer"), col("title", "text")]})
    deploy.check("Function", "touch", {"sql": f"{HEAD} {body} $$", "file": "touch.sql"})
    given = {"table": "posts", "name": "t", "function": "touch", "events": events}
    deploy.check("Trigger", "t", given)


def fails(deploy: Deploy, body: str) -> bool:
    """Tell whether a write fails by a column that is not there."""
    deploy.sql("create table posts (id integer, title text); create table log (a text)")
    deploy.superuser.execute(SQL(HEAD + body + "$$"))  # type: ignore[arg-type]
    deploy.sql(
        "create trigger t before insert or update or delete on posts for each row execute function touch()"
    )
    for write in WRITES:
        try:
            deploy.superuser.execute(write.encode())
        except psycopg.errors.UndefinedColumn:
            return True
        except psycopg.Error:
            continue
        deploy.sql("alter table posts disable trigger t; insert into posts values (2, 'b')")
        deploy.sql("alter table posts enable trigger t")
    return False


@pytest.mark.parametrize("body", WRONG.values(), ids=list(WRONG))
def test_a_column_that_is_not_there_is_told(deploy: Deploy, body: str) -> None:
    assert fails(deploy, body)
    with pytest.raises(
        Refused, match=r'touch.sql:1:\d+: unknown column (new|old)\.\w+: trigger "t" on'
    ) as raised:
        check(deploy, body, ["insert", "update", "delete"])
    assert 'calls this, and "public.posts" has no ' in str(raised.value)
    if "titel" in body:
        assert "did you mean" in str(raised.value)


@pytest.mark.parametrize("body", RIGHT.values(), ids=list(RIGHT))
def test_what_may_be_right_is_taken(deploy: Deploy, body: str) -> None:
    assert not fails(deploy, body)
    check(deploy, body, ["insert", "update", "delete"])


def test_events_that_a_trigger_does_not_fire_for_do_not_count(deploy: Deploy) -> None:
    body = "begin if tg_op = 'UPDATE' then new.titel := 1; end if; return new; end"
    check(deploy, body, ["insert", "delete"])
    with pytest.raises(Refused, match=r"new\.titel"):
        check(deploy, body, ["insert", "update of title"])


def test_the_place_is_told(deploy: Deploy) -> None:
    with pytest.raises(Refused, match=r"touch\.sql:3:7: unknown column new\.titel"):
        check(deploy, "\nbegin\n      new.titel := new.title; return new;\nend", ["insert"])


def test_a_column_that_goes_is_told_while_a_function_names_it(deploy: Deploy) -> None:
    deploy.table("posts", columns=[col("id", "integer"), col("title", "text")])
    deploy.function("touch", sql=f"{HEAD} begin new.title := 'x'; return new; end $$", file="touch.sql")
    deploy.trigger("t", function="touch", events=["insert"])
    with deploy.next_deployment():
        deploy.check("Function", "touch", {"sql": f"{HEAD} begin new.title := 'x'; return new; end $$"})
        deploy.check("Table", "posts", {"name": "posts", "columns": [col("id", "integer")]})
        with pytest.raises(Refused, match=r"unknown column new\.title"):
            deploy.check(
                "Trigger", "t", {"table": "posts", "name": "t", "function": "touch", "events": ["insert"]}
            )
