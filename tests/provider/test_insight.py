"""What is read out of SQL: unknown columns are named, and nothing valid is refused."""

from __future__ import annotations

import pytest

from gatepost.errors import InvalidDeclaration
from gatepost.provider.insight import (
    created,
    or_replace,
    parse,
    parse_expression,
    parse_type,
    unknown_columns,
)

TABLES = {
    ("public", "posts"): frozenset({"id", "title", "author"}),
    ("public", "members"): frozenset({"user_id", "post_id"}),
}

VALID = {
    "own column": "title = 'x' and posts.author = 1 and public.posts.id = 2",
    "subselect": "id in (select post_id from members)",
    "outer column in a subselect": (
        "exists (select 1 from members m where m.post_id = posts.id and user_id = author)"
    ),
    "alias hides the name": "exists (select 1 from posts p where p.id = posts.author)",
    "columns renamed by an alias": "exists (select 1 from members as m (a, b) where m.a = 1 and b = 2)",
    "join": "exists (select 1 from members m join posts p on p.id = m.post_id where p.title = m.user_id)",
    "join with an alias": (
        "exists (select 1 from (members join posts on id = post_id) as j where j.title = 'x')"
    ),
    "join using": "exists (select 1 from members m join members n using (post_id) where post_id = 1)",
    "common table expression": "exists (with w as (select 1 as n) select from w where w.n = 1 and n = 1)",
    "hides a table": "exists (with posts as (select 1 as n) select from posts where posts.n = 1)",
    "hides a table under an alias": (
        "exists (with members as (select 1 as n) select from members q where q.n = 1)"
    ),
    "hides a table further in": (
        "exists (with members as (select 1 as n) select (select q.n from members q))"
    ),
    "recursive": (
        "id in (with recursive r as (select 1 as n union select n + 1 from r where r.n < 9) select n from r)"
    ),
    "lateral": "exists (select 1 from members m, lateral (select m.user_id as u) l where l.u = 1)",
    "function in from": "exists (select 1 from unnest(array[1]) as u (x) where u.x = 1 and x = 1)",
    "function without an alias": "exists (select 1 from generate_series(1, 2) where generate_series > 1)",
    "function's own name": (
        "exists (select 1 from generate_series(1, 2) where generate_series.generate_series = 1)"
    ),
    "set-returning json": (
        "exists (select 1 from jsonb_to_recordset('[]') as j (k int) where j.k = 1 or k = 2)"
    ),
    "table sample": "exists (select 1 from members m tablesample system (1) where m.user_id = 1)",
    "order by a result": "id = (select count(*) as n from members order by n limit 1)",
    "order by a result of a union": "id in (select id as n from posts union select 1 order by n)",
    "group by a result": "id in (select user_id as u from members group by u)",
    "unknown table": "exists (select 1 from elsewhere where foo = bar)",
    "other schema": "exists (select 1 from app.posts p where p.whatever)",
    "catalog": "exists (select from pg_roles where rolname = current_user)",
    "system columns": "posts.ctid is not null and xmin is not null and tableoid = 'posts'::regclass",
    "whole row": "posts is not null and to_jsonb(posts) ? 'id' and posts.* is not null",
    "window": "id in (select rank() over w from members window w as (order by user_id))",
    "filter": "id = (select count(*) filter (where user_id = 1) from members)",
    "values": "id in (select v from (values (1)) as t (v) where t.v = 1)",
    "array": "author = any (array (select user_id from members where post_id = id))",
    "type cast and collation": "title::text collate \"C\" = 'x'",
    "named argument": "make_interval(days => 1) > interval '1 day'",
    "case and composite": "(case when id = 1 then (row(1, 2)).f1 else author end) = 1",
    "at time zone": "now() at time zone 'utc' > '2020-01-01' and extract(year from now()) > 1",
}
INVALID = {
    "titel = 'x'": ["titel"],
    "posts.titel = 'x'": ["posts.titel"],
    "nobody.title = 'x'": ["nobody.title"],
    "exists (select 1 from members where member_id = 1)": ["member_id"],
    "exists (select 1 from members m where m.id = 1)": ["m.id"],
    "exists (select 1 from members m where members.user_id = 1)": ["members.user_id"],
    "id in (select id from posts where nope) or exists (select 1 from posts p join members m on p.x = m.y)": [
        "m.y",
        "nope",
        "p.x",
    ],
}


def unknown(expression: str) -> list[str]:
    tree = parse_expression(expression, "here")
    scope = {"posts": TABLES["public", "posts"]}
    return unknown_columns(tree, scope, lambda schema, table: TABLES.get((schema, table)))


@pytest.mark.parametrize("expression", VALID.values(), ids=list(VALID))
def test_nothing_valid_is_refused(expression: str) -> None:
    assert unknown(expression) == []


@pytest.mark.parametrize(("expression", "names"), INVALID.items())
def test_unknown_columns_are_named(expression: str, names: list[str]) -> None:
    assert unknown(expression) == names


def test_old_and_new_are_rows_of_the_table() -> None:
    rows = dict.fromkeys(("old", "new"), TABLES["public", "posts"])
    tree = parse_expression("old.title is distinct from new.title and old.* is distinct from new", "when")
    assert unknown_columns(tree, rows, lambda *_: None) == []
    assert unknown_columns(parse_expression("new.titel = 1", "when"), rows, lambda *_: None) == ["new.titel"]


def test_nothing_is_known_of_a_table_that_nobody_declared() -> None:
    assert unknown_columns(parse_expression("a = b", "x"), {"posts": None}, lambda *_: None) == []


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
