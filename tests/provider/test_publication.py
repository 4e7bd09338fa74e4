"""Publications: changed in place, so that subscribers miss nothing."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from changes import Change, each, fill, posts, prove
from fix_provider import Deploy, Inputs, Refused, col

from gatepost.errors import HazardNotApproved, ObjectExists

KEY = {"kind": "primary_key", "columns": ["id"]}


def two_tables(deploy: Deploy) -> None:
    posts(deploy)
    deploy.table("other", columns=[col("id", "int")])


def change(before: Inputs, after: Inputs, done: str = "update") -> Change:
    return Change({"name": "p", **before}, {"name": "p", **after}, done, setup=two_tables)


def tables(*names: str, **more: Any) -> Inputs:
    return {"tables": [{"schema": "public", "table": name} for name in names], **more}


def part(**more: Any) -> Inputs:
    return {"tables": [{"schema": "public", "table": "posts", **more}], "comment": "k"}


ONE = tables("posts", comment="k")
CHANGES = {
    "tables": change(ONE, tables("other", "posts", comment="k")),
    "another table": change(ONE, tables("other", comment="k")),
    "no table": change(ONE, tables(comment="k")),
    "columns": change(ONE, part(columns=["id", "title"])),
    "rows": change(part(where="id > 3"), part(where="id > 4 and title <> ''")),
    "operations": change(ONE, {**ONE, "publish": ["insert", "delete"]}),
    "via the root": change(ONE, {**ONE, "via_partition_root": True}),
    "name and tables": change({**ONE, "name": "a"}, tables("other", name='The "P"')),
    "comment": change(ONE, {**ONE, "comment": "it's"}),
}


@each(CHANGES)
def test_change(deploy: Deploy, change: Change) -> None:
    def apply(**inputs: object) -> str:
        return deploy.publication("p", **inputs)

    prove(deploy, apply, change, lambda: deploy.delete("Publication", "p"), rows=False)


def test_order_makes_no_difference(deploy: Deploy) -> None:
    two_tables(deploy)
    deploy.publication("p", name="p", **tables("posts", "other"))
    assert (
        deploy.publication(
            "p", name="p", **tables("other", "posts", publish=["truncate", "delete", "update", "insert"])
        )
        == "same"
    )


def test_subscribers_would_fail(deploy: Deploy) -> None:
    posts(deploy)
    deploy.publication("p", name="p", **ONE)
    with deploy.next_deployment(approve="CHANGES_ACCESS"):
        posts(deploy)
        with pytest.raises(HazardNotApproved, match="BREAKS_CLIENTS on p"):
            deploy.publication("p", name="q", **ONE)
        with pytest.raises(HazardNotApproved, match="BREAKS_CLIENTS on p"):
            deploy.delete("Publication", "p")


def told(deploy: Deploy, name: str = "p", **given: Any) -> str:
    """Deploy it; return its hazards, each with what exactly happens."""
    deploy.publication("p", name=name, **given)
    return "; ".join(f"{one.hazard}: {one.detail}" for one in deploy.plans[-1][2].risks)


def test_writes_would_fail(deploy: Deploy) -> None:
    """Each is told before, and PostgreSQL then does refuse the update."""
    two_tables(deploy)
    deploy.constraint("posts_pkey", **KEY)
    fill(deploy)
    inserts = {"publish": ["insert", "truncate"]}
    for before, after, words in (
        (tables(), tables("other", "posts"), "UPDATE and DELETE of public.other fail: it has no replica"),
        ({**part(), **inserts}, part(columns=["title"]), "identity has id: publish that too"),
        (part(), part(where="author = 1"), "condition uses author, which its replica identity has not"),
        (
            tables(publish=["insert"]),
            tables("other", publish=["update"]),
            "BREAKS_WRITES: UPDATE of public.other",
        ),
    ):
        told(deploy, **before)
        assert words in told(deploy, **after)
        with pytest.raises(
            (psycopg.errors.InvalidColumnReference, psycopg.errors.ObjectNotInPrerequisiteState)
        ):
            deploy.sql("update other set id = 1" if "other" in words else "update posts set views = 1")
        deploy.delete("Publication", "p")
    for harmless in ({**tables("other"), **inserts}, part(columns=["id"]), part(where="id > 3")):
        assert told(deploy, **harmless) == ""
        deploy.delete("Publication", "p")
    deploy.sql("alter table posts replica identity full")
    assert told(deploy, **part(where="author = 1")) == ""
    assert "publish all columns" in told(deploy, **part(columns=["id", "title"]))


def test_key_that_a_publication_needs(deploy: Deploy) -> None:
    posts(deploy)
    deploy.constraint("posts_pkey", **KEY)
    fill(deploy)
    told(deploy, **part(columns=["id", "title"]))
    for changed, breaks in (
        ({"columns": ["title", "id"]}, False),
        ({"columns": ["id", "status"]}, True),
        ({"deferrable": True}, True),
    ):
        deploy.constraint("posts_pkey", **{**KEY, **changed})
        assert (changed, "BREAKS_WRITES:public.posts" in deploy.risks()) == (changed, breaks)
    deploy.delete("Constraint", "posts_pkey")
    assert "BREAKS_WRITES:public.posts" in deploy.risks()
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        deploy.sql("update posts set views = 1")


MISSED = [
    (tables("posts", "other"), tables("posts"), "no change of public.other any more"),
    (part(columns=["id", "title"]), part(columns=["id"]), "get title of public.posts no more"),
    (part(columns=["id"]), part(columns=["id", "title"]), "whose table public.posts has no title"),
    (
        part(),
        part(columns=["id"]),
        "get author, made_at, score, status, title, views of public.posts no more",
    ),
    (part(where="id > 3"), part(where="id > 3 and id < 7"), "fewer rows of public.posts"),
    (part(where="id > 3"), part(), ""),
    (part(where="id > 3"), part(where="3 < id or id = 1"), "fewer rows"),
    (part(where="id > 3"), part(where="id = 1 or id > 3"), ""),
    (part(where='"id" > 0'), part(where="id >= 0"), ""),
    (part(where="id >= 0"), part(where="id > 0"), "fewer rows"),
    (tables("posts"), tables("posts", "other"), ""),
    (tables("posts"), tables("posts", publish=["insert", "delete"]), "no update and no truncate any more"),
    (tables("posts"), tables("posts", via_partition_root=True), ""),
]


def test_subscribers_would_miss_something(deploy: Deploy) -> None:
    two_tables(deploy)
    deploy.constraint("posts_pkey", **KEY)
    deploy.constraint("other_pkey", table="other", **KEY)
    for before, after, words in MISSED:
        told(deploy, **before)
        found = told(deploy, **after)
        assert (after, found.startswith("BREAKS_CLIENTS") and words in found) == (after, bool(words)), found
        deploy.delete("Publication", "p")


DRIFTS = {
    "table": "alter publication p add table other",
    "rows": "alter publication p set table posts where (id > 7)",
    "operation": "alter publication p set (publish = 'insert')",
    "comment": "comment on publication p is null",
}


@pytest.mark.parametrize("drift", DRIFTS.values(), ids=list(DRIFTS))
def test_drift_is_seen_and_mended(deploy: Deploy, drift: str) -> None:
    two_tables(deploy)
    deploy.publication("p", name="p", **part(where="id > 0"))
    deployed = deploy.snapshot()
    assert deploy.refresh("Publication", "p") == "same"
    deploy.sql(drift)  # type: ignore[arg-type]
    assert deploy.refresh("Publication", "p") == "drift"
    assert deploy.publication("p", name="p", **part(where="id > 0")) == "update"
    assert deploy.snapshot() == deployed
    assert deploy.refresh("Publication", "p") == "same"


def test_gone_or_not_ours(deploy: Deploy) -> None:
    posts(deploy)
    deploy.publication("p", name="p", **ONE)
    deploy.sql("drop publication p")
    assert deploy.refresh("Publication", "p") == "gone"
    deploy.sql("create publication p")
    with pytest.raises(ObjectExists, match=r"p exists already"):
        deploy.publication("p", name="p", **ONE)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (tables("posts", all_tables=True), "all tables leave none to be named"),
        (tables("posts", "posts"), "public.posts is named twice"),
        (part(where="id >"), "posts: where.*syntax error"),
        ({**part(columns=["id"]), "schemas": ["public"]}, "beside whole schemas"),
        ({"publish": ["select"]}, "'insert', 'update', 'delete' or 'truncate'"),
    ],
)
def test_check_refuses(deploy: Deploy, inputs: Inputs, message: str) -> None:
    with pytest.raises(Refused, match=message):
        deploy.publication("p", name="p", **inputs)
