"""Materialized views: read until their successor is filled, with all that hangs on them."""

from __future__ import annotations

from typing import Any

import pytest
from changes import POSTS, Change, each, fill, posts, prove
from fix_provider import EVERYTHING, Deploy, Inputs, Refused

from gatepost.errors import HazardNotApproved, ObjectExists, StatementFailed, StillUsed


def view(query: str, head: str = "public.v", tail: str = "", **more: object) -> Inputs:
    return {"sql": f"create materialized view {head} as {query} {tail}", **more}


def change(before: Inputs, after: Inputs, done: str = "update") -> Change:
    return Change(before, after, done, setup=posts)


ONE = view("select id, title from public.posts", comment="k", privileges={"gp_reader": ["select"]})
KEPT = {"comment": "k", "privileges": {"gp_reader": ["select"]}}
CHANGES = {
    "condition": change(ONE, view("select id, title from public.posts where views > 0", **KEPT)),
    "columns": change(ONE, view("select status, id from public.posts", **KEPT)),
    "columns named in the head": change(ONE, view("select 1, 'x'::text", "v (a, b)", **KEPT)),
    "options": change(ONE, view("select id, title from public.posts", "v with (fillfactor = 70)", **KEPT)),
    "not filled": change(ONE, view("select id from public.posts", tail="with no data", **KEPT)),
    "privileges": change(ONE, {**ONE, "privileges": {"public": ["select"]}}),
    "comment": change(ONE, {**ONE, "comment": "it's"}),
    "comments on columns": change(
        {**ONE, "columnComments": {"id": "its id"}}, {**ONE, "columnComments": {"title": "it's"}}
    ),
    "renamed": change(ONE, view("select 1 as id", '"Odd Name"'), "replace"),
}


@each(CHANGES)
def test_change(deploy: Deploy, change: Change) -> None:
    def apply(**inputs: object) -> str:
        return deploy.materialized_view("v", **inputs)

    prove(deploy, apply, change, lambda: deploy.delete("MaterializedView", "v"), rows=True)


def filled(deploy: Deploy) -> None:
    """A view with rows, and all that can hang on it."""
    posts(deploy)
    deploy.sql("insert into posts (id, title) select g, 'title ' || g from generate_series(1, 30) as g")
    deploy.materialized_view("v", **ONE)
    deploy.index("by_id", table="v", columns=["id"], unique=True, comment="k")
    deploy.index("Odd Index", table="v", columns=['lower(title) collate "C" desc nulls last'], where="id > 3")
    deploy.view("reader", sql="create view reader as select id from v", privileges={"gp_reader": ["select"]})


def test_it_is_read_until_its_successor_is_filled(deploy: Deploy) -> None:
    filled(deploy)
    started = deploy.snapshot()
    with deploy.next_deployment(approve="WIDENS_ACCESS"):
        changed = view("select id, title, views from public.posts", **KEPT)
        assert deploy.materialized_view("v", **changed) == "update"
    *alone, swap = (batch for _, batch in deploy.plans[-1][2].batches())
    assert not any("drop" in one.sql for batch in alone for one in batch)
    assert sum(one.mode == "separate" for batch in alone for one in batch) == 3
    assert [one.sql for one in swap][:2] == [
        "drop view public.reader",
        'drop materialized view if exists "public"."v"',
    ]
    assert deploy.sql("select count(*) from reader join v using (id)") == [(30,)]
    assert deploy.materialized_view("v", **changed) == "same"
    with deploy.next_deployment(approve="BREAKS_CLIENTS"):
        assert deploy.materialized_view("v", **ONE) == "update"
    assert deploy.snapshot() == started


def test_a_query_that_fails_leaves_the_old_one(deploy: Deploy) -> None:
    filled(deploy)
    started = deploy.snapshot()
    broken = view("select id, title, 1 / (id - 9) as wrong from public.posts", **KEPT)
    with pytest.raises(StatementFailed, match="division by zero"):
        deploy.materialized_view("v", **broken)
    assert deploy.snapshot() == started


def test_a_column_that_is_used_cannot_go(deploy: Deploy) -> None:
    filled(deploy)
    message = r"materialized view public.v loses column id, used by .*view public.reader"
    with pytest.raises(StillUsed, match=message):
        deploy.materialized_view("v", **view("select title from public.posts", **KEPT))


def test_refreshed_when_it_is_asked_for(deploy: Deploy) -> None:
    filled(deploy)
    deploy.sql("delete from posts where id > 10")
    with deploy.next_deployment(approve="CHANGES_ACCESS"):
        assert deploy.materialized_view("v", **ONE, refresh_on="monday") == "update"
    assert deploy.statements() == ['refresh materialized view concurrently "public"."v"']
    assert deploy.sql("select count(*) from v") == [(10,)]
    deploy.sql("drop index by_id")
    refused = pytest.raises(HazardNotApproved, match=r"BLOCKS_READS on public.v")
    with deploy.next_deployment(approve="CHANGES_ACCESS"), refused:
        deploy.materialized_view("v", **ONE, refresh_on="tuesday")


SECURED: dict[str, Any] = {"columns": POSTS, "row_security": "forced"}


def test_rows_that_row_security_hides_are_told_before_it_is_filled(deploy: Deploy) -> None:
    """The deployer owns all of it, and sees nothing of what is forced."""
    deploy.table("posts", columns=[*POSTS], row_security="forced")
    fill(deploy)
    deploy.view("between", sql="create view between as select id, author from public.posts")
    over = view("select id from public.between")

    def told() -> list[str]:
        return [one for one in deploy.risks() if one.startswith("HIDES_ROWS")]

    with (
        deploy.next_deployment(approve="BLOCKS_READS"),
        pytest.raises(HazardNotApproved, match=r"hides rows from deployer.* policy of its own for select"),
    ):
        deploy.materialized_view("v", **over)
    with deploy.next_deployment(approve=EVERYTHING):
        deploy.materialized_view("v", **over)
        assert told() == ["HIDES_ROWS:public.v"]
        assert deploy.sql("select count(*) from v") == [(0,)]
        deploy.materialized_view("v", **over, refresh_on="monday")
        assert told() == ["HIDES_ROWS:public.v"]
        deploy.materialized_view("v", **view("select id, author from public.between"))
        assert told() == ["HIDES_ROWS:public.v"]
        retyped = [{**one, "type": "bigint"} if one["name"] == "author" else one for one in POSTS]
        deploy.table("posts", columns=retyped, row_security="forced")
        assert told() == ["HIDES_ROWS:public.v"], "it is made again"
    sees = {"command": "select", "roles": ["deployer"], "using": "true"}
    deploy.policy("filling", **sees)
    deploy.materialized_view("v", **view("select id, author from public.between"), refresh_on="tuesday")
    assert told() == []
    assert deploy.sql("select count(*) from v") == [(30,)]
    deploy.policy("limit", **{**sees, "permissive": False, "using": "id > 3"})
    deploy.materialized_view("v", **view("select id, author from public.between"), refresh_on="friday")
    assert told() == ["HIDES_ROWS:public.v"]
    deploy.table("posts", columns=retyped, row_security="enabled")
    deploy.materialized_view("v", **view("select id, author from public.between"), refresh_on="sunday")
    assert told() == []


def test_filled_only_when_it_is_to_be(deploy: Deploy) -> None:
    posts(deploy)
    empty = view("select id, title from public.posts", tail="with no data")
    deploy.materialized_view("v", **empty)
    populated = "select relispopulated from pg_class where relname = 'v'"
    assert deploy.sql(populated) == [(False,)]
    deploy.materialized_view("v", **view("select id from public.posts", tail="with no data"))
    assert deploy.sql(populated) == [(False,)]
    deploy.materialized_view("v", **view("select id from public.posts"))
    assert deploy.sql(populated) == [(True,)]


def test_another_query_fills_what_was_empty_and_opens_nothing_unasked(deploy: Deploy) -> None:
    posts(deploy)
    deploy.materialized_view("v", **view("select id, title from public.posts", tail="with no data"))
    opened = view("select id from public.posts", privileges={"public": ["select"]})
    with (
        deploy.next_deployment(approve=""),
        pytest.raises(HazardNotApproved, match=r"WIDENS_ACCESS on public\.v"),
    ):
        deploy.materialized_view("v", **opened)
    assert deploy.materialized_view("v", **{**opened, "privileges": {}}) == "update"
    assert deploy.sql("select relispopulated from pg_class where relname = 'v'") == [(True,)]


def test_default_privileges_are_revoked(deploy: Deploy) -> None:
    deploy.sql("alter default privileges for role deployer grant select on tables to gp_other")
    deploy.materialized_view("v", **view("select 1 as a", privileges={"gp_reader": ["select"]}))
    assert deploy.must_have("materialized_views", "v", on="v")["privileges"] == {"gp_reader": ["select"]}


DRIFTS = {
    "option": "alter materialized view v set (fillfactor = 20)",
    "granted": "grant select on v to public",
    "comment": "comment on materialized view v is 'drifted'",
    "comment on a column": "comment on column v.id is 'drifted'",
    "query": "drop materialized view v; create materialized view v as select 1 as other",
}


@pytest.mark.parametrize("drift", DRIFTS.values(), ids=list(DRIFTS))
def test_drift_is_seen_and_mended(deploy: Deploy, drift: str) -> None:
    posts(deploy)
    deploy.materialized_view("v", **ONE)
    deployed = deploy.snapshot()
    assert deploy.refresh("MaterializedView", "v") == "same"
    for statement in drift.split("; "):
        deploy.sql(statement)  # type: ignore[arg-type]
    deploy.sql("alter materialized view v owner to deployer")
    assert deploy.refresh("MaterializedView", "v") == "drift"
    assert deploy.materialized_view("v", **ONE) == "update"
    assert deploy.snapshot() == deployed
    assert deploy.refresh("MaterializedView", "v") == "same"


def test_gone_or_not_ours(deploy: Deploy) -> None:
    posts(deploy)
    deploy.materialized_view("v", **ONE)
    deploy.sql("drop materialized view v")
    assert deploy.materialized_view("v", **view("select 1 as a")) == "update"
    deploy.sql("drop materialized view v")
    assert deploy.refresh("MaterializedView", "v") == "gone"
    deploy.sql("create materialized view v as select 2 as b")
    with pytest.raises(ObjectExists, match=r"public.v exists already"):
        deploy.materialized_view("v", **ONE)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (view("select 1 from", file="v.sql"), "v.sql:1:.*syntax error"),
        ({"sql": "create view v as select 1"}, "expected a create materialized view statement"),
        ({"sql": "create table v as select 1"}, "expected a create materialized view statement"),
        (view("select 1 as a", privileges={"x": ["execute"]}), '"execute" is none of'),
    ],
)
def test_check_refuses(deploy: Deploy, inputs: Inputs, message: str) -> None:
    with pytest.raises(Refused, match=message):
        deploy.materialized_view("v", **inputs)
