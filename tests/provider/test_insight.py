"""What is read out of SQL: syntax errors have a place, and what a statement makes is known."""

from __future__ import annotations

import pytest

from gatepost.errors import InvalidDeclaration
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
