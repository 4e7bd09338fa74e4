"""What is read out of SQL: syntax errors have a place, and what a statement makes is known."""

from __future__ import annotations

import pytest

from gatepost.errors import InvalidDeclaration
from gatepost.insight.bodies import read_routine
from gatepost.insight.tree import WrongSQL
from gatepost.provider.declarations import position
from gatepost.provider.insight import created, or_replace, parse, parse_expression, parse_type


@pytest.mark.parametrize(
    "text", ["1, 2", "1; select 2", "1 from posts", "1 where true", "", "1) union (select 2"]
)
def test_one_expression_is_expected(text: str) -> None:
    with pytest.raises(InvalidDeclaration, match=r"^here"):
        parse_expression(text, "here")


@pytest.mark.parametrize(
    "name", ["int", "numeric(10, 2)", "text[]", 'app."Odd Type"', "timestamp(3) with time zone"]
)
def test_types(name: str) -> None:
    parse_type(name, "here")


@pytest.mark.parametrize("name", ["int, 1", "int not null", "text default 'x'", "int + 1"])
def test_more_than_a_type_is_refused(name: str) -> None:
    with pytest.raises(InvalidDeclaration, match=r"^here: type"):
        parse_type(name, "here")


@pytest.mark.parametrize(
    ("sql", "place"),
    [("select 1;\nselekt 2", "2:1"), ("select 'é', from from", "1:13"), ("select (", "1:9")],
)
def test_syntax_errors_name_their_place(sql: str, place: str) -> None:
    with pytest.raises(InvalidDeclaration, match=f"^a.sql:{place}: syntax error"):
        parse(sql, "a.sql")


@pytest.mark.parametrize(
    ("arguments", "signature"),
    [
        ("a int, b text[], variadic c numeric[]", "int4,_text,_numeric"),
        ("a int, out b int, inout c app.kind", "int4,kind"),
        ('a "Odd", b boolean default true, c timestamp with time zone', "Odd,bool,timestamptz"),
        ("a double precision, b char(3), c bit varying, d time", "float8,bpchar,varbit,time"),
    ],
)
def test_signature(arguments: str, signature: str) -> None:
    made = created(f"create function app.f({arguments}) returns int return 1", "f.sql")
    assert (made.kind, made.schema, made.name, made.signature) == ("function", "app", "f", signature)


@pytest.mark.parametrize(
    ("sql", "result"),
    [
        ("create view v as select 1", "create or replace view v as select 1"),
        ("-- create é\n/* view */ CREATE view v", "-- create é\n/* view */ CREATE or replace view v"),
        ("create or replace view v", "create or replace view v"),
    ],
)
def test_or_replace(sql: str, result: str) -> None:
    assert or_replace(sql) == result


BODIES = {
    "language plpgsql as $$\nbegin\n  if a >> then\n    return 1;\n  end if;\n  return 2;\nend $$": "4:11",
    "language plpgsql as $$\nbegin\n  perform 'é';\n  while a < loop\n  end loop;\nend $$": "5:13",
    "language plpgsql as $$\ndeclare b int := 1 + ;\nbegin\n  return b;\nend $$": "3:22",
    "language plpgsql as $$\nbegin\n  if a then return 1;\nend $$": "5:4",
    "language sql as '\nselect length(''é'');\nselectt 1'": "4:1",
    "language sql as 'select ''a'', ''it''''s''; selectt 1'": "2:45",
    "language plpgsql as '\nbegin\n  perform ''a'';\n  retrn 1;\nend'": "5:3",
}


@pytest.mark.parametrize("body", BODIES)
def test_what_is_wrong_in_a_body_has_its_place(body: str) -> None:
    sql = f"create function f(a int) returns int\n{body}"
    with pytest.raises(WrongSQL) as caught:
        read_routine(sql)
    line, column = position(sql, caught.value.offset)
    assert BODIES[body] == f"{line}:{column}"
