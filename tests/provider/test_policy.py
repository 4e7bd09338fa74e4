"""Policies: altered in place, dropped and made in one transaction where PostgreSQL cannot alter."""

from __future__ import annotations

import pytest
from changes import Change, each, posts, prove, with_rows
from fix_provider import Deploy, Inputs, Refused

from gatepost.errors import ObjectExists, StillUsed


def secured(deploy: Deploy) -> None:
    posts(deploy)
    deploy.sql("alter table posts enable row level security, force row level security")


def change(before: Inputs, after: Inputs) -> Change:
    return Change(before, after, setup=secured)


def policy(command: str = "select", roles: tuple[str, ...] = ("gp_reader",), **more: object) -> Inputs:
    return {"command": command, "roles": list(roles), **more}


READ = policy(using="author = 1")
WRITE = policy("update", using="author = 1", check="author = 1")
CHANGES = {
    "using": change(READ, policy(using="author = 2 -- 'later'")),
    "check": change(WRITE, policy("update", using="author = 1", check="views > 0")),
    "check added": change(policy("update", using="author = 1"), WRITE),
    "using lost": change(
        policy("all", using="author = 1", check="author = 1", comment="k"),
        policy("all", check="author = 1", comment="k"),
    ),
    "roles": change(READ, policy(roles=("gp_other", "GP Odd, role"), using="author = 1")),
    "everybody": change(READ, policy(roles=("public",), using="author = 1")),
    "command": change({**READ, "comment": "k"}, policy("delete", using="author = 1", comment="k")),
    "insert": change(READ, policy("insert", check="author = 1")),
    "restrictive": change(READ, {**READ, "permissive": False}),
    "name": change({**READ, "name": "a"}, {**READ, "name": 'The "B" policy'}),
    "name and using": change({**READ, "name": "a", "comment": "c"}, policy(using="true", name="b")),
    "name and command": change({**READ, "name": "a", "comment": "c"}, policy("all", using="true", name="b")),
    "comment": change(READ, {**READ, "comment": "it's"}),
}


@with_rows
@each(CHANGES)
def test_change(deploy: Deploy, change: Change, rows: bool) -> None:
    def apply(**inputs: object) -> str:
        return deploy.policy("p", **inputs)

    prove(deploy, apply, change, lambda: deploy.delete("Policy", "p"), rows)


def test_order_of_roles_and_a_stated_default_are_no_difference(deploy: Deploy) -> None:
    posts(deploy)
    deploy.policy("p", **policy(roles=("gp_reader", "gp_other"), using="true"))
    again = policy(roles=("gp_other", "gp_reader"), using="true", permissive=True)
    assert deploy.policy("p", **again) == "same"
    assert deploy.refresh("Policy", "p") == "same"


DRIFTS = {
    "using": "alter policy p on posts using (false)",
    "roles": "alter policy p on posts to public",
    "comment": "comment on policy p on posts is 'drifted'",
    "command": "drop policy p on posts; create policy p on posts for delete to gp_reader using (author = 1)",
    "restrictive": (
        "drop policy p on posts; create policy p on posts as restrictive for select to gp_reader using (true)"
    ),
}


@pytest.mark.parametrize("drift", DRIFTS.values(), ids=list(DRIFTS))
def test_drift_is_seen_and_mended(deploy: Deploy, drift: str) -> None:
    posts(deploy)
    deploy.policy("p", **READ)
    deployed = deploy.snapshot()
    assert deploy.refresh("Policy", "p") == "same"
    for statement in drift.split("; "):
        deploy.sql(statement)  # type: ignore[arg-type]
    assert deploy.refresh("Policy", "p") == "drift"
    assert deploy.policy("p", **READ) == "update"
    assert deploy.snapshot() == deployed


def test_gone_is_done_made_anew_or_gone(deploy: Deploy) -> None:
    posts(deploy)
    deploy.policy("p", **READ)
    deploy.sql("drop policy p on posts")
    assert deploy.policy("p", **WRITE) == "update"
    deploy.sql("drop policy p on posts")
    assert deploy.refresh("Policy", "p") == "gone"
    deploy.policy("p", **READ)
    deploy.sql("drop policy p on posts")
    deploy.delete("Policy", "p")


def test_foreign_policy_is_left_alone(deploy: Deploy) -> None:
    posts(deploy)
    deploy.sql("create policy p on posts using (true)")
    with pytest.raises(ObjectExists, match=r"public.posts.p exists already"):
        deploy.policy("p", **READ)


def test_column_in_use_is_named_when_it_cannot_go(deploy: Deploy) -> None:
    from changes import POSTS

    posts(deploy)
    deploy.policy("p", **READ)
    with pytest.raises(StillUsed, match=r'column "author" is still used by policy p on public.posts'):
        deploy.table(columns=[one for one in POSTS if one["name"] != "author"])


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (policy(using="autor = 1"), 'policy "p" on "public.posts": using: unknown column autor'),
        (policy(using="author ="), 'policy "p" on "public.posts": using.*syntax error'),
        (policy(using="true", check="true"), "a policy for select takes using"),
        (policy("insert", using="true"), "a policy for insert takes check"),
        (policy(), "a policy for select takes using"),
        (policy(roles=(), using="true"), "names no roles: say whom it applies to"),
        (policy("truncate", using="true"), "\"command\" is one of 'all', 'select'"),
    ],
)
def test_check_refuses(deploy: Deploy, inputs: Inputs, message: str) -> None:
    posts(deploy)
    with pytest.raises(Refused, match=message):
        deploy.policy("p", **inputs)
