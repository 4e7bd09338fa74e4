"""Who may see or change which rows: every change of that is told, and only where there are rows."""

from __future__ import annotations

from typing import Any

import pytest
from changes import POSTS, fill, posts
from fix_provider import Deploy

WIDENS, CHANGES = "WIDENS_ACCESS", "CHANGES_ACCESS"
BOTH = [CHANGES, WIDENS]
MINE: dict[str, Any] = {"command": "select", "roles": ["gp_reader"], "using": "author = 1"}
POLICY = [
    ({"using": "author = 1 or status = 'open'"}, [WIDENS]),
    ({"using": "true"}, [WIDENS]),
    ({"using": "author = 1 and status = 'open'"}, [CHANGES]),
    ({"using": "author = 2"}, BOTH),
    ({"using": "( 1 = author)"}, []),
    ({"name": "renamed", "comment": "whose"}, []),
    ({"roles": ["gp_reader", "gp_other"]}, [WIDENS]),
    ({"roles": ["public"]}, [WIDENS]),
    ({"roles": ["gp_other"]}, BOTH),
    ({"command": "delete"}, BOTH),
    ({"command": "all"}, [WIDENS]),
    ({"permissive": False}, [CHANGES]),
]


def secured(deploy: Deploy, rows: bool = True, **given: Any) -> None:
    deploy.table("posts", columns=POSTS, row_security="forced", **given)
    if rows:
        fill(deploy)


@pytest.mark.parametrize(("changed", "hazards"), POLICY)
def test_policy(deploy: Deploy, changed: dict[str, Any], hazards: list[str]) -> None:
    secured(deploy)
    assert deploy.policy("mine", **MINE) == "create"
    assert deploy.risks() == [f"{WIDENS}:public.posts.mine"]
    deploy.policy("mine", **{**MINE, **changed})
    name = changed.get("name", "mine")
    assert deploy.risks() == [f"{hazard}:public.posts.{name}" for hazard in hazards]


def test_policy_that_restricts(deploy: Deploy) -> None:
    secured(deploy)
    limit = {**MINE, "permissive": False}
    deploy.policy("limit", **limit)
    assert deploy.risks() == [f"{CHANGES}:public.posts.limit"]
    deploy.policy("limit", **{**limit, "using": "true"})
    assert deploy.risks() == [f"{WIDENS}:public.posts.limit"]
    deploy.policy("limit", **limit)
    deploy.delete("Policy", "limit")
    assert deploy.risks() == [f"{WIDENS}:public.posts.limit"]


def test_policy_that_goes(deploy: Deploy) -> None:
    secured(deploy)
    deploy.policy("mine", **MINE)
    deploy.delete("Policy", "mine")
    assert deploy.risks() == [f"{CHANGES}:public.posts.mine"]


@pytest.mark.parametrize("rows", [True, False], ids=["without row security", "without rows"])
def test_policy_that_decides_nothing_yet(deploy: Deploy, rows: bool) -> None:
    secured(deploy, rows=rows)
    deploy.table("posts", columns=POSTS, row_security="off" if rows else "forced")
    deploy.policy("mine", **MINE)
    assert deploy.risks() == []
    deploy.policy("mine", **{**MINE, "using": "true"})
    assert deploy.risks() == []


def test_policies_of_a_table_that_is_secured_with_them(deploy: Deploy) -> None:
    posts(deploy)
    fill(deploy)
    with deploy.together():
        deploy.table("posts", columns=POSTS, row_security="enabled")
        assert deploy.risks() == [f"{CHANGES}:public.posts"]
        assert "deploy its policies before" in str(deploy.plans[-1][2].risks[0])
        deploy.policy("mine", **MINE)
        assert deploy.risks() == []


@pytest.mark.parametrize(
    ("old", "new", "hazard"),
    [
        ("off", "enabled", CHANGES),
        ("enabled", "forced", CHANGES),
        ("forced", "enabled", WIDENS),
        ("enabled", "off", WIDENS),
    ],
)
def test_row_security(deploy: Deploy, old: str, new: str, hazard: str) -> None:
    deploy.table("posts", columns=POSTS, row_security=old)
    deploy.policy("mine", **MINE)
    deploy.table("posts", columns=POSTS, row_security=new)
    assert deploy.risks() == []
    deploy.table("posts", columns=POSTS, row_security=old)
    fill(deploy)
    deploy.table("posts", columns=POSTS, row_security=new)
    assert deploy.risks() == [f"{hazard}:public.posts"]
    assert "no policy yet" not in str(deploy.plans[-1][2].risks[0])


@pytest.mark.parametrize(
    ("old", "new", "hazards"),
    [
        ({}, {"gp_reader": ["select"]}, [WIDENS]),
        ({"gp_reader": ["select"]}, {}, [CHANGES]),
        ({"gp_reader": ["select"]}, {"gp_other": ["select"]}, BOTH),
        ({"gp_reader": ["select"]}, {"gp_reader": ["select (id, title)"]}, [CHANGES]),
        ({"gp_reader": ["select (id)"]}, {"gp_reader": ["select"]}, [WIDENS]),
        ({"public": ["select"]}, {"public": ["select"], "gp_reader": ["select"]}, []),
    ],
)
def test_privileges(deploy: Deploy, old: Any, new: Any, hazards: list[str]) -> None:
    deploy.table("posts", columns=POSTS, privileges=old)
    fill(deploy)
    deploy.table("posts", columns=POSTS, privileges=new)
    assert deploy.risks() == [f"{hazard}:public.posts" for hazard in hazards]


FUNCTION = "create function f() returns int language sql {} as 'select 1'"
VIEW = "create view v {} as select id, title from posts where {}"


@pytest.mark.parametrize(
    ("old", "new", "hazards"),
    [
        ({"sql": FUNCTION.format("")}, {"sql": FUNCTION.format("security definer")}, [WIDENS]),
        ({"sql": FUNCTION.format("security definer")}, {"sql": FUNCTION.format("")}, [CHANGES]),
        ({"sql": FUNCTION.format("")}, {"sql": FUNCTION.format("stable")}, []),
        ({"sql": FUNCTION.format("")}, {"sql": FUNCTION.format(""), "owner": "gp_owner"}, []),
        (
            {"sql": FUNCTION.format("security definer")},
            {"sql": FUNCTION.format("security definer"), "owner": "gp_owner"},
            BOTH,
        ),
        (
            {"sql": FUNCTION.format("")},
            {"sql": FUNCTION.format(""), "privileges": {"gp_reader": ["execute"]}},
            [WIDENS],
        ),
    ],
)
def test_function(deploy: Deploy, old: Any, new: Any, hazards: list[str]) -> None:
    deploy.function("f", **old)
    deploy.function("f", **new)
    assert deploy.risks() == [f"{hazard}:public.f()" for hazard in hazards]


INVOKER, BARRIER = "with (security_invoker)", "with (security_barrier = on)"


@pytest.mark.parametrize(
    ("old", "new", "hazards"),
    [
        (("", "true"), (INVOKER, "true"), [CHANGES]),
        ((INVOKER, "true"), ("with (security_invoker = false)", "true"), [WIDENS]),
        ((BARRIER, "true"), ("", "true"), [WIDENS]),
        (("", "true"), (BARRIER, "true"), []),
        (("", "author = 1"), ("", "true"), [WIDENS]),
        (("", "author = 1"), ("", "author = 1 and title = 'a'"), [CHANGES]),
        (("", "author = 1"), ("", "author = 2"), BOTH),
        ((INVOKER, "author = 1"), (INVOKER, "author = 2"), []),
    ],
)
def test_view(deploy: Deploy, old: tuple[str, str], new: tuple[str, str], hazards: list[str]) -> None:
    posts(deploy)
    readers = {"gp_reader": ["select"]}
    deploy.view("v", sql=VIEW.format(*old), privileges=readers)
    deploy.view("v", sql=VIEW.format(*new), privileges=readers)
    assert deploy.risks() == [f"{hazard}:public.v" for hazard in hazards]
