"""What works with its owner's rights lets its users see more than they may: every change of that is told."""

from __future__ import annotations

from typing import Any

import pytest
from changes import POSTS, fill, posts
from fix_provider import Deploy, col

WIDENS, CHANGES = "WIDENS_ACCESS", "CHANGES_ACCESS"
BOTH = [CHANGES, WIDENS]
READERS = {"gp_reader": ["select"]}
CALLERS = {"gp_reader": ["execute"]}


@pytest.fixture
def filled(deploy: Deploy) -> Deploy:
    """`posts` with rows, and `salaries`."""
    deploy.table("salaries", columns=[col("id", "int"), col("amount", "int")])
    posts(deploy)
    fill(deploy)
    deploy.sql("insert into salaries values (1, 100)")
    return deploy


QUERIES = [
    ("select id from posts", "select id, title from posts", [WIDENS], "shows title"),
    ("select id, title from posts", "select id from posts", [], "loses title"),
    ("select id, title as t from posts", "select id, status as t from posts", [WIDENS], "shows t"),
    ("select id from posts", "select (id) as number from posts", [], "loses id"),
    ("select id from posts", "select * from posts", [WIDENS], "author"),
    ("select * from posts", "select * from posts where id > 3", [CHANGES], "hides"),
    ("select * from posts", "select id, title from posts", [], ""),
    ("select id from posts where id > 3", "select id from posts", [WIDENS], "rows that it hid"),
    ("select id from posts", "select id from posts join salaries using (id)", [WIDENS], "public.salaries"),
    (
        "select id, 1 as a from posts",
        "select id, (select max(amount) from salaries) as a from posts",
        [WIDENS],
        "public.salaries",
    ),
    (
        "select id from posts",
        "select id from posts where id in (select id from salaries)",
        BOTH,
        "public.salaries",
    ),
    ("select id from posts", "select id from posts union select 0", BOTH, "another query"),
    ("with p as (select 1 as id) select id from p", "select id from posts", [WIDENS], "public.posts"),
]


@pytest.mark.parametrize("materialized", ["", "materialized "])
def test_view(filled: Deploy, materialized: str) -> None:
    kind = "MaterializedView" if materialized else "View"
    for number, (before, after, hazards, words) in enumerate(QUERIES):
        name = f"v{number}"
        for query in (before, after):
            made = f"create {materialized}view {name} as {query}"
            filled.deploy(kind, name, {"sql": made, "privileges": READERS if number else {}})
        told = [one for one in filled.plans[-1][2].risks if "ACCESS" in one.hazard]
        assert (after, sorted(one.hazard for one in told)) == (after, hazards)
        assert words in " ".join(str(one) for one in filled.plans[-1][2].risks)
        filled.delete(kind, name)


HEAD = "create function f() returns setof int {} as $$ {} $$"
DEFINER = "security definer language sql set search_path = ''"
LOOP = "security definer language plpgsql set search_path = ''"
BODIES = [
    (DEFINER, "select id from public.posts where id = 1", "select id from public.posts", [WIDENS]),
    (DEFINER, "select id from public.posts", "select id from public.posts where id = 1", [CHANGES]),
    (DEFINER, "select id from public.posts", "SELECT id -- each\n from public.posts", []),
    (DEFINER, "select id from public.posts", "select amount from public.salaries", [WIDENS]),
    (DEFINER, "select id from public.posts", "select views from public.posts", [WIDENS]),
    (DEFINER, "select id from public.posts", "delete from public.posts returning id", [WIDENS]),
    (LOOP, "begin return; end", "begin  return ; end", []),
    (LOOP, "begin return; end", "begin perform from public.salaries; return; end", [WIDENS]),
    (LOOP, "begin return; end", "begin execute 'table pub' || 'lic.salaries'; return; end", [WIDENS]),
    ("language sql", "select id from public.posts", "select amount from public.salaries", []),
]


def test_function(filled: Deploy) -> None:
    for head, before, after, hazards in BODIES:
        for body in (before, after):
            filled.function("f", sql=HEAD.format(head, body), privileges=CALLERS)
        assert (after, filled.risks()) == (after, [f"{one}:public.f()" for one in hazards])
        filled.delete("Function", "f")


def test_names_that_are_looked_up_elsewhere(filled: Deploy) -> None:
    def risks(head: str) -> list[str]:
        filled.function("f", sql=HEAD.format(head, "select id from public.posts"), privileges=CALLERS)
        return filled.risks()

    assert risks(DEFINER) == ["WIDENS_ACCESS:public.f()"], "it opens what was there"
    assert risks(DEFINER.replace(" set search_path = ''", "")) == ["WIDENS_ACCESS:public.f()"]
    assert "wherever its caller says" in str(filled.plans[-1][2].risks)
    assert risks(DEFINER) == []
    assert risks(DEFINER.replace("''", "public")) == ["WIDENS_ACCESS:public.f()"]


def test_what_is_new_opens_only_what_was_there(filled: Deploy) -> None:
    made: list[tuple[str, dict[str, Any]]] = [
        ("View", {"sql": "create view n as select amount from salaries", "privileges": READERS}),
        ("View", {"sql": "create view n as select amount from inner_view", "privileges": READERS}),
        ("MaterializedView", {"sql": "create materialized view n as table salaries", "privileges": READERS}),
        ("Function", {"sql": HEAD.format(DEFINER, "select id from public.salaries"), "privileges": CALLERS}),
    ]
    filled.view("inner_view", sql="create view inner_view as select amount from salaries")
    for number, (kind, given) in enumerate(made):
        given["sql"] = given["sql"].replace("view n", f"view n{number}")
        assert filled.deploy(kind, "n", given) == "create"
        assert [one.hazard for one in filled.plans[-1][2].risks] == [WIDENS]
        assert "opens public.salaries to gp_reader" in str(filled.plans[-1][2].risks[0])
        filled.delete(kind, "n")
        filled.deploy(kind, "n", {**given, "privileges": {}})
        assert filled.risks() == [], "nobody may use it"
        filled.delete(kind, "n")
    filled.view("n", sql="create view n with (security_invoker) as table salaries", privileges=READERS)
    assert filled.risks() == []
    filled.delete("View", "n")
    filled.delete("View", "inner_view")
    filled.sql("truncate salaries")
    for kind, given in (made[0], made[3]):
        filled.deploy(kind, "n", given)
        assert filled.risks() == [], "nobody sees a row"
        filled.delete(kind, "n")


ASK = "create function {}() returns int language sql stable as 'select {}'"


def test_a_function_that_a_policy_asks(filled: Deploy) -> None:
    """It decides who sees what, with whosever rights it works."""
    filled.table("posts", columns=POSTS, row_security="enabled")
    filled.function("me", sql=ASK.format("me", "1"))
    filled.function("deep", sql=ASK.format("deep", "public.me()"))
    filled.function("other", sql=ASK.format("other", "1"))
    filled.policy("mine", command="select", roles=["gp_reader"], using="author = public.deep()")
    filled.view("v", sql="create view v as select id from posts where author = public.other()")
    filled.function("me", sql=ASK.format("me", "2"))
    assert filled.risks() == ["WIDENS_ACCESS:public.me()"]
    assert "decides for policy mine on public.posts" in str(filled.plans[-1][2].risks[0])
    filled.function("other", sql=ASK.format("other", "2"))
    assert "decides for view v" in str(filled.plans[-1][2].risks[0])
    filled.function("me", sql=ASK.format("me", "2").replace("stable", "volatile"))
    assert filled.risks() == []
    filled.sql("truncate posts")
    filled.function("me", sql=ASK.format("me", "3"))
    assert filled.risks() == [], "there is no row"
