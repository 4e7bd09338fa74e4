"""A function gets other arguments or another result: what uses it follows, or the preview refuses."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fix_provider import Deploy, Inputs, col, urn_of, wired
from pulumi.provider.experimental.provider import CreateRequest, DeleteRequest, UpdateRequest

from gatepost.errors import StillUsed

Declared = tuple[str, str, Inputs]
ON_POSTS = {"schema": "public", "table": "posts", "name": "x"}
USES = (
    "policy",
    "check",
    "index",
    "partial",
    "view",
    "matview",
    "trigger",
    "routine",
    "default",
    "generated",
)


def users(kind: str, call: str) -> list[Declared]:
    """A table, and what of this kind calls the function, by way of its column `id`."""
    column = {
        "default": col("d", "integer", default=call.replace("id", "1")),
        "generated": col("d", "integer", generated=call),
    }
    one: dict[str, tuple[str, Inputs]] = {
        "policy": ("Policy", policy(f"{call} > 0")[2]),
        "check": ("Constraint", {**ON_POSTS, "kind": "check", "expression": f"{call} is null or true"}),
        "index": ("Index", {**ON_POSTS, "columns": [f"({call})"]}),
        "partial": ("Index", {**ON_POSTS, "columns": ["id"], "where": f"{call} > 0"}),
        "view": ("View", {"sql": f"create view public.x as select {call} as f from posts"}),
        "matview": (
            "MaterializedView",
            {"sql": f"create materialized view public.x as select {call} as f from posts"},
        ),
        "trigger": (
            "Trigger",
            {
                **ON_POSTS,
                "function": "public.t",
                "events": ["insert"],
                "when": f"{call.replace('id', 'new.id')} > 0",
            },
        ),
        "routine": (
            "Function",
            {
                "sql": "create function public.x() returns bigint"
                f" begin atomic; select sum({call}) from posts; end"
            },
        ),
    }
    made = [posts("integer", *([column[kind]] if kind in column else []))]
    return made + ([(one[kind][0], "x", one[kind][1])] if kind in one else [])


def posts(type_: str, *columns: Inputs) -> Declared:
    columns = (col("id", type_), *columns)
    return "Table", "posts", {"schema": "public", "name": "posts", "columns": list(columns)}


def f(head: str, returns: str = "int") -> Declared:
    sql = (
        f"create function public.f({head}) returns {returns} language sql immutable as 'select 1::{returns}'"
    )
    return "Function", "f", {"sql": sql.replace("::setof ", "::")}


def policy(using: str) -> Declared:
    return "Policy", "x", {**ON_POSTS, "command": "select", "roles": ["public"], "using": using}


def view(name: str, query: str) -> Declared:
    return "View", name, {"sql": f"create view public.{name} as {query}"}


def deployed(deploy: Deploy, *program: Declared) -> None:
    """Check, preview and deploy a program as an engine does: a green preview goes through."""
    with deploy.next_deployment():
        for one in program:
            deploy.check(*one)
        _run(deploy, program, preview=True)
        try:
            _run(deploy, program, preview=False)
        except StillUsed as error:
            raise AssertionError("the preview was green") from error


def _run(deploy: Deploy, program: tuple[Declared, ...], *, preview: bool) -> None:
    provider, doomed = deploy.provider, []
    for kind, name, inputs in program:
        urn = urn_of(kind, name)
        diff = deploy.diff(kind, name, inputs) if urn in deploy.state else None
        if diff is None or diff.replaces:
            doomed += [DeleteRequest(urn, *deploy.state[urn], 0)] if diff else []
            made: Any = asyncio.run(provider.create(CreateRequest(urn, wired(inputs), 0, preview)))
            deploy.state |= {} if preview else {urn: (made.resource_id, made.properties)}
        elif diff.changes:
            id_, olds = deploy.state[urn]
            request = UpdateRequest(urn, id_, olds, wired(inputs), 0, [], preview)
            updated = asyncio.run(provider.update(request))
            deploy.state |= {} if preview else {urn: (id_, updated.properties)}
    for one in doomed:
        asyncio.run(provider.preview_delete(one) if preview else provider.delete(one))


@pytest.fixture
def before(deploy: Deploy) -> Deploy:
    deploy.sql("create function public.t() returns trigger language plpgsql as 'begin return new; end'")
    return deploy


@pytest.mark.parametrize("kind", USES)
def test_it_follows_in_the_declared_words_and_back(before: Deploy, kind: str) -> None:
    """The catalog has a cast to bigint in it."""
    uses = users(kind, "f(id)")
    deployed(before, f("a bigint"), *uses)
    before.sql("insert into posts (id) values (1)")
    started = before.snapshot()
    deployed(before, f("a int"), *uses)
    assert before.sql("select oid::regprocedure::text from pg_proc where proname = 'f'") == [("f(integer)",)]
    deployed(before, f("a bigint"), *uses)
    assert before.snapshot() == started


@pytest.mark.parametrize("kind", USES)
def test_what_cannot_follow_is_refused_unless_it_changes_too(before: Deploy, kind: str) -> None:
    deployed(before, f("a text"), *users(kind, "f(id::text)"))
    with pytest.raises(
        StillUsed, match=r"uses public.f\(a text\) returns integer, and does not fit public.f\(a date\)"
    ):
        deployed(before, f("a date"), *users(kind, "f(id::text)"))
    deployed(before, f("a date"), *users(kind, "f(date '2026-01-01' + id)"))
    deployed(before, f("a text"), *users(kind, "f(id::text)"))


ARGUMENTS = {
    "renamed": ("integer", "a int, b int default 1", "c int, b int default 1", "f(b => 1, a => id)"),
    "without": ("integer", "a int, b int default 1", "a int", "f(id, 1)"),
    "required": ("integer", "a int, b int default 1", "a int, b int", "f(id)"),
    "elements": ("bigint[]", "a bigint[]", "a int[]", "f(id)"),
    "domain": ("bigint", "a bigint", "a small", "f(id)"),
    "literal": ("integer", "a text", "a int", "f('x')"),
    "nested": ("integer", "a int", "a small, b int", "f(f(id))"),
    "not variadic": ("integer", "a int, variadic b int[]", "a int, b int", "f(id, id, id)"),
}


@pytest.mark.parametrize(("type_", "old", "new", "call"), ARGUMENTS.values(), ids=list(ARGUMENTS))
def test_arguments_that_do_not_fit(deploy: Deploy, type_: str, old: str, new: str, call: str) -> None:
    deploy.sql("create domain small as int; grant usage on type small to public")
    program = posts(type_), policy(f"{call} > 0")
    deployed(deploy, f(old), *program)
    with pytest.raises(StillUsed, match=r"policy x on public\.posts uses public\.f"):
        deployed(deploy, f(new), *program)


FITTING = {
    "elements": ("integer[]", "a bigint[]", "a int[]", "f(id)"),
    "domain": ("small", "a bigint", "a small", "f(id)"),
    "literal": ("integer", "a text", "a int", "f('1')"),
    "nested": ("integer", "a bigint", "a int", "f(f(id))"),
    "variadic": ("integer", "a int, b bigint", "a int, variadic b int[]", "f(id, id)"),
    "polymorphic": ("integer", "a bigint", "a anyelement", "f(id)"),
    "row": ("integer", "a posts", "a posts, b int default 1", "f(posts)"),
}


@pytest.mark.parametrize(("type_", "old", "new", "call"), FITTING.values(), ids=list(FITTING))
def test_arguments_that_fit(deploy: Deploy, type_: str, old: str, new: str, call: str) -> None:
    deploy.sql("create domain small as int; grant usage on type small to public")
    program = policy(f"{call} > 0"), view("v", f"select {call} as f from posts group by id, {call}, posts")
    deployed(deploy, posts(type_), f(old), *program)
    deployed(deploy, posts(type_), f(new), *program)
    deployed(deploy, posts(type_), f(old), *program)


@pytest.mark.parametrize("head", ["a int", "a int, b int default 1"], ids=["in place", "another"])
def test_another_result_reaches_what_reads_the_views_on_it(deploy: Deploy, head: str) -> None:
    first, second = view("v", "select f(id) as f from posts"), view("w", "select v.f + 1 as g from v")
    deployed(deploy, posts("integer"), f("a int"), first, second)
    with pytest.raises(StillUsed, match=r"view public.w uses public.f\(a integer\) returns integer"):
        deployed(deploy, posts("integer"), f(head, "text"), first, second)
    deployed(deploy, posts("integer"), f(head, "bigint"), first, second)


def test_rows_that_it_returns(deploy: Deploy) -> None:
    made = view("v", "select g from posts, f(id) as g")
    deployed(deploy, posts("integer"), f("a bigint", "setof int"), made)
    deployed(deploy, posts("integer"), f("a int", "setof int"), made)
    with pytest.raises(StillUsed, match=r"view public\.v uses"):
        deployed(deploy, posts("integer"), f("a date", "setof int"), made)


def test_what_is_yet_to_be_made_must_fit_too(deploy: Deploy) -> None:
    """With both there, it would hang on the former one."""
    deployed(deploy, posts("bigint"), f("a bigint"))
    with pytest.raises(StillUsed, match=r"policy x on public.posts uses public.f\(a bigint\)"):
        deployed(deploy, posts("bigint"), f("a int"), policy("f(id) > 0"))
    deployed(deploy, posts("bigint"), f("a int"), policy("f(id::int) > 0"))


@pytest.mark.parametrize(("old", "new"), [("a int", "a int, b int default 1"), ("a bigint", "a numeric")])
def test_what_may_mean_both_is_changed_later(deploy: Deploy, old: str, new: str) -> None:
    deployed(deploy, posts("integer"), f(old), policy("f(id) > 0"))
    with pytest.raises(StillUsed, match=r"policy x on public.posts may mean public.f\(a .* and public.f\(a "):
        deployed(deploy, posts("integer"), f(new), policy("f(id) > 1"))
    with_comment = policy("f(id) > 0")
    with_comment[2]["comment"] = "What f lets through"
    deployed(deploy, posts("integer"), f(new), with_comment)
    deployed(deploy, posts("integer"), f(new), policy("f(id) > 1"))


@pytest.mark.parametrize("new", ["a double precision", "a int"])
def test_what_can_mean_one_only_changes_with_it(deploy: Deploy, new: str) -> None:
    deployed(deploy, posts("integer"), f("a bigint"), policy("f(id) > 0"))
    deployed(deploy, posts("integer"), f(new), policy("f(id) > 1"))
