"""Views: replaced where PostgreSQL can, made again where it cannot."""

from __future__ import annotations

import psycopg
import pytest
from changes import Change, each, posts, prove, with_rows
from fix_provider import Deploy, Inputs, Refused, urn_of

from gatepost.errors import ObjectExists, StillUsed


def view(query: str, head: str = "view public.v with (security_invoker = true)", **more: object) -> Inputs:
    return {"sql": f"create {head} as {query}", **more}


def change(before: Inputs, after: Inputs, done: str = "update") -> Change:
    return Change(before, after, done, setup=posts)


ONE = view("select id, title from public.posts", comment="k", privileges={"gp_reader": ["select"]})
KEPT = {"comment": "k", "privileges": {"gp_reader": ["select"]}}
CHANGES = {
    "condition": change(ONE, view("select id, title from public.posts where views > 0", **KEPT)),
    "column added": change(ONE, view("select id, title, status from public.posts", **KEPT)),
    "column inserted": change(ONE, view("select id, status, title from public.posts", **KEPT)),
    "column of another type": change(ONE, view("select id, title::varchar(9) from public.posts", **KEPT)),
    "column renamed": change(ONE, view("select id, title as name from public.posts", **KEPT)),
    "star": change(ONE, view("select * from public.posts", **KEPT)),
    "columns named in the head": change(
        ONE, view("select 1, 'x'::text", "view public.v (id, title)", **KEPT)
    ),
    "expressions": change(
        view("select 1, true::boolean"),
        view('select case when true then 2 end as "?column?", false::boolean'),
    ),
    "union": change(ONE, view("select id, title from posts union all select 0, 'none'", **KEPT)),
    "values": change(ONE, view("values (1, 'a'), (2, 'b')", **KEPT)),
    "common table expression": change(
        ONE, view("with t as (select 1 as id) select id, 'x'::text as title from t")
    ),
    "options": change(
        ONE, view("select id, title from public.posts", "view public.v with (security_barrier)")
    ),
    "check option": change(
        ONE, view("select id, title from public.posts where id > 0 with cascaded check option", **KEPT)
    ),
    "another check option": change(
        view("select id from public.posts where id > 0 with local check option"),
        view("select id from public.posts where id > 0 with cascaded check option"),
    ),
    "options taken away": change(ONE, view("select id, title from public.posts", "view public.v", **KEPT)),
    "privileges": change(
        ONE, {**ONE, "privileges": {"public": ["select"], "gp_reader": ["select", "update"]}}
    ),
    "comment": change(ONE, {**ONE, "comment": "it's"}),
    "comments on columns": change(
        {**ONE, "columnComments": {"id": "its id", "title": "gone"}},
        {**ONE, "columnComments": {"id": "it's"}},
    ),
    "comments on columns when it is made again": change(
        {**ONE, "columnComments": {"title": "kept"}},
        view("select id, status, title from public.posts", **KEPT, columnComments={"title": "kept"}),
    ),
    "privileges on columns": change(
        ONE, {**ONE, "privileges": {"gp_reader": ["select (id)", "update (id, title)"]}}
    ),
    "renamed": change(ONE, view("select 1 as id", 'view "Odd Name"'), "replace"),
    "another schema's": change(ONE, view("select 1 as id", "view information_schema_too"), "replace"),
}


@with_rows
@each(CHANGES)
def test_change(deploy: Deploy, change: Change, rows: bool) -> None:
    def apply(**inputs: object) -> str:
        return deploy.view("v", **inputs)

    prove(deploy, apply, change, lambda: deploy.delete("View", "v"), rows)


def test_what_reads_it_goes_on_when_it_is_replaced(deploy: Deploy) -> None:
    posts(deploy)
    deploy.view("v", **ONE)
    deploy.sql("create view reader as select * from v")
    deploy.view("v", **view("select id, title, views from public.posts", **KEPT))
    assert not any("drop" in statement for statement in deploy.statements())


def test_what_reads_it_is_made_again_when_a_column_goes(deploy: Deploy) -> None:
    posts(deploy)
    deploy.view("v", **ONE)
    deploy.view("reader", sql="create view reader as select id from v", privileges={"public": ["select"]})
    started = deploy.snapshot()
    with pytest.raises(StillUsed, match=r"view public.v loses column id, used by view public.reader"):
        deploy.view("v", **view("select title from public.posts", **KEPT))
    for query in ("select id from public.posts", "select id::bigint, title from public.posts"):
        assert deploy.view("v", **view(query, **KEPT)) == "update"
        assert deploy.refresh("View", "reader") == "same"
    assert deploy.view("v", **ONE) == "update"
    assert deploy.snapshot() == started


def test_default_privileges_are_revoked(deploy: Deploy) -> None:
    with psycopg.connect(deploy.database.deployer_url, autocommit=True) as deployer:
        deployer.execute("alter default privileges grant select on tables to gp_other")
    deploy.view("v", **view("select 1 as a", privileges={"gp_reader": ["select"]}))
    assert deploy.must_have("views", "v")["privileges"] == {"gp_reader": ["select"]}


DRIFTS = {
    "query": "create or replace view v with (security_invoker = true) as select id, title from posts limit 1",
    "option": "alter view v set (security_invoker = false)",
    "granted": "grant select on v to public",
    "revoked": "revoke select on v from gp_reader",
    "comment": "comment on view v is 'drifted'",
    "comment on a column": "comment on column v.id is 'drifted'",
    "granted on a column": "grant update (id) on v to gp_other",
    "columns": "drop view v; create view v as select 1 as other",
}


@pytest.mark.parametrize("drift", DRIFTS.values(), ids=list(DRIFTS))
def test_drift_is_seen_and_mended(deploy: Deploy, drift: str) -> None:
    posts(deploy)
    deploy.view("v", **ONE)
    deployed = deploy.snapshot()
    assert deploy.refresh("View", "v") == "same"
    for statement in drift.split("; "):
        deploy.sql(statement)  # type: ignore[arg-type]
    assert deploy.refresh("View", "v") == "drift"
    assert deploy.view("v", **ONE) == "update"
    assert {**deploy.snapshot()} == deployed
    assert deploy.refresh("View", "v") == "same"


def test_what_a_refresh_sees_of_a_view_makes_that_view(deploy: Deploy) -> None:
    """Its options too: without them a view has its owner's rights."""
    posts(deploy)
    deploy.view("v", **ONE)
    deploy.sql("create or replace view v with (security_barrier) as select id, title from posts where id > 0")
    deploy.sql("alter view v set (security_invoker = on, check_option = local)")
    assert deploy.refresh("View", "v") == "drift"
    found = deploy.must_have("views", "v")
    _, seen = deploy.state[urn_of("View", "v")]
    deploy.sql("drop view v")
    deploy.sql(str(seen["sql"].value))  # type: ignore[arg-type]
    assert deploy.must_have("views", "v")["options"] == found["options"]
    assert deploy.must_have("views", "v")["definition"] == found["definition"]


def test_gone_is_done_made_anew_or_gone(deploy: Deploy) -> None:
    posts(deploy)
    deploy.view("v", **ONE)
    deploy.sql("drop view v")
    assert deploy.view("v", **view("select 1 as a")) == "update"
    deploy.sql("drop view v")
    assert deploy.refresh("View", "v") == "gone"
    deploy.view("v", **ONE)
    deploy.sql("drop view v")
    deploy.delete("View", "v")


def test_foreign_view_is_left_alone(deploy: Deploy) -> None:
    deploy.sql("create view v as select 1 as a")
    with pytest.raises(ObjectExists, match=r"public.v exists already"):
        deploy.view("v", **view("select 2 as a"))


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (view("select 1 from", file="v.sql"), "v.sql:1:.*syntax error"),
        ({"sql": "create function f() returns int return 1"}, "expected a create view statement"),
        (view("select 1 as a", privileges={"x": ["execute"]}), '"execute" is none of'),
        ({}, '"sql" is required'),
    ],
)
def test_check_refuses(deploy: Deploy, inputs: Inputs, message: str) -> None:
    with pytest.raises(Refused, match=message):
        deploy.view("v", **inputs)
