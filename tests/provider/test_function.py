"""Functions and procedures: replaced where PostgreSQL can, made again where it cannot."""

from __future__ import annotations

import psycopg
import pytest
from changes import Change, each, posts, prove, with_rows
from fix_provider import Deploy, Inputs, Refused, col

from gatepost.errors import ObjectExists, StatementFailed, StillUsed


def change(before: Inputs | str, after: Inputs | str, done: str = "update") -> Change:
    texts = [{"sql": one} if isinstance(one, str) else one for one in (before, after)]
    return Change(texts[0], texts[1], done, setup=posts)


def fn(head: str, body: str = "select 1") -> str:
    return f"create function public.{head} language sql as $$ {body} $$"


F = fn("f() returns int")
CALL = fn("f(a int) returns int", "select a")
TWO = "create procedure public.p(a int, inout b int default 2) language plpgsql as $$ begin b := a; end $$"
CHANGES = {
    "body": change(F, fn("f() returns int", "select 2")),
    "body, comment and privileges kept": change(
        {"sql": F, "comment": "k", "privileges": {"gp_reader": ["execute"]}},
        {"sql": fn("f() returns int", "select 2"), "comment": "k", "privileges": {"gp_reader": ["execute"]}},
    ),
    "body is not looked into": change(
        {"sql": fn("f() returns int", "select id from nowhere"), "checkBody": False},
        {"sql": fn("f() returns int", "not even sql"), "checkBody": False, "comment": "k"},
    ),
    "body is looked into again": change(
        {"sql": fn("f() returns bigint", "select count(*) from nowhere"), "checkBody": False},
        fn("f() returns bigint", "select count(*) from posts"),
    ),
    "volatility": change(F, fn("f() returns int stable parallel safe", "select 2")),
    "returns another type": change(
        {"sql": F, "comment": "k", "privileges": {"gp_reader": ["execute"]}},
        {
            "sql": fn("f() returns text", "select 'a'"),
            "comment": "k",
            "privileges": {"gp_reader": ["execute"]},
        },
    ),
    "returns a set": change(F, fn("f() returns setof int")),
    "returns a set of rows": change(F, fn("f() returns setof public.posts", "select * from posts")),
    "returns a table": change(F, fn("f() returns table (a int, b text)", "select 1, 'x'")),
    "table with other columns": change(
        fn("f() returns table (a int)"), fn("f() returns table (a int, b int)", "select 1, 2")
    ),
    "table instead of an out argument": change(fn("f(out a int)"), fn("f() returns table (a int)")),
    "out arguments": change(
        fn("f(out a int, out b int)", "select 1, 2"), fn("f(out a int, out c int)", "select 1, 2")
    ),
    "default given": change(CALL, fn("f(a int default 3) returns int", "select a")),
    "default changed": change(
        fn("f(a int default 3) returns int", "select a"), fn("f(a int default 4) returns int", "select a")
    ),
    "argument renamed": change(CALL, fn("f(b int) returns int", "select b")),
    "argument gets a name": change(
        fn("f(int) returns int", "select $1"), fn("f(b int) returns int", "select b")
    ),
    "variadic": change(fn("f(a int[]) returns int"), fn("f(variadic a int[]) returns int")),
    "another argument": change(F, CALL, "replace"),
    "other argument types": change(
        CALL, fn("f(a timestamptz, b varchar(3), c public.posts[]) returns int"), "replace"
    ),
    "renamed": change(
        F, 'create function "Odd "" Name"() returns int language sql as $$ select 1 $$', "replace"
    ),
    "procedure": change(TWO, TWO.replace("b := a", "b := a + 1")),
    "procedure's argument renamed": change(
        TWO, TWO.replace("b", "c").replace("cegin", "begin").replace("puclic", "public")
    ),
    "procedure with out": change(
        "create procedure p(out a int) language plpgsql as $$ begin a := 1; end $$",
        "create procedure p(out a int) language plpgsql as $$ begin a := 2; end $$",
    ),
    "procedure instead of a function": change(
        F, "create procedure public.f() language sql as $$ select 1 $$"
    ),
    "security definer": change(F, fn("f() returns int security definer set search_path = ''")),
    "owner": change({"sql": F}, {"sql": F, "owner": "gp_owner"}),
    "owner and body": change(
        {"sql": F, "privileges": {"gp_reader": ["execute"]}},
        {
            "sql": fn("f() returns int", "select 2"),
            "owner": "gp_owner",
            "privileges": {"public": ["execute"]},
        },
    ),
    "privileges": change(
        {"sql": F}, {"sql": F, "privileges": {"gp_reader": ["execute"], "public": ["execute"]}}
    ),
    "comment": change({"sql": F}, {"sql": F, "comment": 'it\'s "quoted"'}),
    "sql body": change(F, "create function public.f() returns int return 7;"),
    "file ends with a comment": change(F, F.replace("1", "5") + ";\n-- the end\n"),
    "or replace is written": change(F, F.replace("create", "/* c */ create or replace").replace("1", "6")),
}


@with_rows
@each(CHANGES)
def test_change(deploy: Deploy, change: Change, rows: bool) -> None:
    def apply(**inputs: object) -> str:
        return deploy.function("f", **inputs)

    prove(deploy, apply, change, lambda: deploy.delete("Function", "f"), rows)


def test_overloaded_functions_are_different_objects(deploy: Deploy) -> None:
    deploy.function("one", sql=F)
    deploy.function("two", sql=CALL)
    deploy.function("two", sql=fn("f(a int) returns text", "select 'a'"))
    deploy.delete("Function", "one")
    assert [key.object for key in deploy.snapshot()] == ["int4"]


def test_only_the_body_is_not_looked_into(deploy: Deploy) -> None:
    """What is made after it in the same transaction is looked into as ever."""
    astray = fn("f(a int) returns int", "select no_such_thing(a)")
    with pytest.raises(StatementFailed, match="no_such_thing"):
        deploy.function("f", sql=astray)
    assert deploy.function("f", sql=astray, checkBody=False) == "create"
    assert deploy.sql("show check_function_bodies") == [("on",)]
    with pytest.raises(StatementFailed, match="nosuchtype"):
        deploy.function("g", sql=fn("g(a nosuchtype) returns int"), checkBody=False)


def test_nobody_else_may_execute(deploy: Deploy) -> None:
    with psycopg.connect(deploy.database.deployer_url, autocommit=True) as deployer:
        deployer.execute("alter default privileges grant execute on functions to gp_other")
    deploy.function("f", sql=F, privileges={"gp_reader": ["execute"]})
    deploy.function("f", sql=fn("f() returns bigint"), privileges={"gp_reader": ["execute"]})
    (found,) = deploy.snapshot().values()
    assert found["privileges"] == {"gp_reader": ["execute"]}


def using_f(deploy: Deploy) -> None:
    generated = col("made", "int", generated="public.f(4)::int")
    deploy.table(columns=[col("id", "integer", default="public.f(3)"), generated], row_security="enabled")
    deploy.function("touch", sql=TOUCH)
    deploy.policy("p", command="select", roles=["gp_reader"], using="id = public.f(1)", comment="k")
    deploy.constraint("k", kind="check", expression="id <> public.f(0)")
    deploy.index("i", columns=["(public.f(id))"])
    deploy.trigger("t", function="public.touch", events=["update"], when="new.id > public.f(9)")
    deploy.view(
        "v", sql="create view v as select public.f(id) as f from posts", privileges={"public": ["select"]}
    )
    deploy.view("w", sql="create view w with (security_barrier) as select f from v", comment="k")
    deploy.sql("insert into posts (id) values (7)")


TOUCH = "create function touch() returns trigger language plpgsql as $$ begin return new; end $$"
ANOTHER = {
    "result": ("update", "f(a int) returns bigint immutable", "f(a int) returns int immutable"),
    "argument's name": ("update", "f(b int) returns int immutable", "f(a int) returns int immutable"),
    "another argument": (
        "replace",
        "f(a int, b int default 1) returns int immutable",
        "f(a int) returns int immutable",
    ),
}


@pytest.mark.parametrize(("done", "after", "before"), ANOTHER.values(), ids=list(ANOTHER))
def test_what_uses_it_goes_on(deploy: Deploy, done: str, after: str, before: str) -> None:
    deploy.function("f", sql=fn(before, "select $1"))
    using_f(deploy)
    started = deploy.snapshot()
    assert deploy.function("f", sql=fn(after, "select $1")) == done
    changed = deploy.snapshot()
    assert {key for key in changed if key.name != "f"} == {key for key in started if key.name != "f"}
    assert {"BLOCKS_READS:public.posts", "REWRITES_TABLE:public.posts"} <= set(deploy.risks())
    assert deploy.function("f", sql=fn(after, "select $1")) == "same"
    assert deploy.sql("select f, (select id from posts) from w") == [(7, 7)]
    assert deploy.function("f", sql=fn(before, "select $1")) == done
    assert deploy.snapshot() == started


def test_what_uses_it_takes_to_the_one_with_wider_arguments(deploy: Deploy) -> None:
    deploy.table(columns=[col("id", "integer")])
    deploy.function("f", sql=fn("f(a int) returns int", "select $1"))
    deploy.policy("p", command="select", roles=["public"], using="id = f(id)")
    assert deploy.function("f", sql=fn("f(a bigint) returns int", "select $1::int")) == "replace"
    assert deploy.must_have("policies", "p")["using"] == "(id = public.f((id)::bigint))"


def test_a_result_that_its_users_cannot_take_is_refused_at_preview(deploy: Deploy) -> None:
    deploy.table(columns=[col("id", "integer")])
    deploy.function("f", sql=F)
    deploy.policy("p", command="select", roles=["public"], using="id = f()")
    deploy.function("f", sql=fn("f() returns int", "select 2"))
    unfit = r"policy p on public.posts uses public.f\(\) returns integer, and does not fit .* returns text"
    with pytest.raises(StillUsed, match=unfit):
        deploy.function("f", sql=fn("f() returns text", "select 'x'"))
    assert deploy.refresh("Function", "f") == "same"


DRIFTS = {
    "body": "create or replace function f(a int) returns int language sql as $$ select 5 $$",
    "granted": "grant execute on function f to public, gp_other",
    "revoked": "revoke execute on function f from gp_reader",
    "owner": "alter function f owner to gp_owner",
    "comment": "comment on function f is 'drifted'",
    "returns": "drop function f; create function f(a int) returns text language sql as $$ select 'x' $$",
    "volatility": "alter function f immutable",
}


@pytest.mark.parametrize("drift", DRIFTS.values(), ids=list(DRIFTS))
def test_drift_is_seen_and_mended(deploy: Deploy, drift: str) -> None:
    declared = {"sql": CALL, "privileges": {"gp_reader": ["execute"]}, "comment": "c"}
    deploy.function("f", **declared)
    deployed = deploy.snapshot()
    assert deploy.refresh("Function", "f") == "same"
    for statement in drift.split("; "):
        deploy.sql(statement)  # type: ignore[arg-type]
    assert deploy.refresh("Function", "f") == "drift"
    assert deploy.function("f", **declared) == "update"
    assert deploy.snapshot() == deployed
    assert deploy.refresh("Function", "f") == "same"


def test_gone_is_done_made_anew_or_gone(deploy: Deploy) -> None:
    deploy.function("f", sql=F)
    deploy.sql("drop function f")
    assert deploy.function("f", sql=fn("f() returns text", "select 'x'")) == "update"
    deploy.sql("drop function f")
    assert deploy.refresh("Function", "f") == "gone"
    deploy.function("f", sql=F)
    deploy.sql("drop function f")
    deploy.delete("Function", "f")


def test_foreign_function_is_left_alone(deploy: Deploy) -> None:
    deploy.sql("create function f() returns int language sql as $$ select 9 $$")
    with pytest.raises(ObjectExists, match=r"public.f\(\) exists already"):
        deploy.function("f", sql=F.replace("create", "create or replace"))
    assert deploy.sql("select f()") == [(9,)]


def test_where_the_text_came_from_is_no_difference(deploy: Deploy) -> None:
    deploy.function("f", sql=F, file="schema/a.sql")
    assert deploy.function("f", sql=F, file="schema/b.sql") == "same"


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (
            {"sql": "create function f( returns int", "file": "a.sql"},
            "a.sql:1:31: syntax error at end of input",
        ),
        ({"sql": "create view v as select 1"}, "expected a create function or create procedure"),
        ({"sql": F + "; drop table posts"}, "expected one create function, procedure or view"),
        ({"sql": "select 1"}, "expected one create function"),
        (
            {"sql": "create function f(a posts.id%type) returns int return 1"},
            "name the type of each argument",
        ),
        ({"sql": F, "privileges": {"x": ["select"]}}, '"select" is none of execute'),
        ({}, '"sql" is required'),
    ],
)
def test_check_refuses(deploy: Deploy, inputs: Inputs, message: str) -> None:
    with pytest.raises(Refused, match=message):
        deploy.function("f", **inputs)
