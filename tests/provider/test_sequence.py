"""Sequences: changed in place, their position kept."""

from __future__ import annotations

import pytest
from changes import Change, each, posts, prove
from fix_provider import Deploy, Inputs, Refused, col

from gatepost.errors import HazardNotApproved, InvalidDeclaration, ObjectExists


def change(before: Inputs, after: Inputs, done: str = "update") -> Change:
    return Change({"name": "s", **before}, {"name": "s", **after}, done, setup=posts)


FALLING = {"increment": -2, "minvalue": -100, "maxvalue": 90}
KEPT = {"comment": "k", "privileges": {"gp_reader": ["usage"]}}
CHANGES = {
    "counting": change({}, {"increment": 5, "minvalue": -3, "maxvalue": 4000, "start": 7, "cache": 10}),
    "cycle": change({"cycle": True, "maxvalue": 3}, {"maxvalue": 3}),
    "falling": change(KEPT, {**KEPT, **FALLING}),
    "type": change({"type": "integer"}, {"type": "bigint"}),
    "limits of a type": change({"type": "smallint"}, {"type": "integer", "maxvalue": 40000}),
    "unlogged": change({}, {"unlogged": True, "increment": 2}),
    "largest number": change({}, {"maxvalue": "9223372036854775806", "start": "9007199254740993"}),
    "owner": change({}, {"owned_by": "public.posts.id"}),
    "name": change({"name": "a", **KEPT}, {"name": 'The "B"', **KEPT}),
    "schema": change(KEPT, {"schema": "Odd Schema", "increment": 2, **KEPT}),
    "privileges": change(KEPT, {**KEPT, "privileges": {"public": ["select"], "gp_reader": ["update"]}}),
    "comment": change(KEPT, {**KEPT, "comment": "it's"}),
}


@pytest.fixture(autouse=True)
def another_schema(deploy: Deploy) -> None:
    deploy.sql('create schema "Odd Schema" authorization deployer')


@each(CHANGES)
def test_change(deploy: Deploy, change: Change) -> None:
    def apply(**inputs: object) -> str:
        return deploy.sequence("s", **{"schema": "public", **inputs})

    prove(deploy, apply, change, lambda: deploy.delete("Sequence", "s"), rows=False)


def test_it_goes_on_counting(deploy: Deploy) -> None:
    deploy.sequence("s", name="s")
    assert deploy.sql("select nextval('s'), nextval('s')") == [(1, 2)]
    deploy.sequence("s", name="t", increment=10, cache=5)
    assert deploy.sql("select nextval('t')") == [(12,)]


def test_what_is_not_said_is_the_default(deploy: Deploy) -> None:
    deploy.sequence("s", name="s")
    assert deploy.sequence("s", name="s", type="bigint", increment=1.0, cycle=False, cache="1") == "same"


@pytest.mark.parametrize("used", [False, True])
def test_a_position_is_data(deploy: Deploy, used: bool) -> None:
    deploy.sequence("s", name="s")
    if used:
        deploy.sql("select nextval('s')")
    with deploy.next_deployment(approve="CHANGES_ACCESS"):
        if used:
            with pytest.raises(HazardNotApproved, match=r"DELETES_DATA on public.s"):
                deploy.delete("Sequence", "s")
        else:
            deploy.delete("Sequence", "s")


def test_default_privileges_are_revoked(deploy: Deploy) -> None:
    deploy.sql("alter default privileges for role deployer grant usage on sequences to gp_other")
    deploy.sequence("s", name="s", **KEPT)
    assert deploy.must_have("sequences", "s", on="s")["privileges"] == {"gp_reader": ["usage"]}


DRIFTS = {
    "increment": "alter sequence s increment 7",
    "limit": "alter sequence s maxvalue 12",
    "granted": "grant update on sequence s to public",
    "comment": "comment on sequence s is null",
    "owner": "alter sequence s owned by posts.id",
}


@pytest.mark.parametrize("drift", DRIFTS.values(), ids=list(DRIFTS))
def test_drift_is_seen_and_mended(deploy: Deploy, drift: str) -> None:
    posts(deploy)
    deploy.sequence("s", name="s", **KEPT)
    deployed = deploy.snapshot()
    assert deploy.refresh("Sequence", "s") == "same"
    deploy.sql(drift)  # type: ignore[arg-type]
    assert deploy.refresh("Sequence", "s") == "drift"
    assert deploy.sequence("s", name="s", **KEPT) == "update"
    assert deploy.snapshot() == deployed
    assert deploy.refresh("Sequence", "s") == "same"


def test_gone_is_done_made_anew_or_gone(deploy: Deploy) -> None:
    deploy.sequence("s", name="s")
    deploy.sql("drop sequence s")
    assert deploy.sequence("s", name="s", increment=2) == "update"
    deploy.sql("drop sequence s")
    assert deploy.refresh("Sequence", "s") == "gone"


def test_foreign_sequence_is_left_alone(deploy: Deploy) -> None:
    deploy.sql("create sequence s")
    with pytest.raises(ObjectExists, match=r"public.s exists already"):
        deploy.sequence("s", name="s", increment=3)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"increment": 0}, "it would never move"),
        ({"minvalue": 5, "maxvalue": 5}, "minvalue 5 is not below maxvalue 5"),
        ({"owned_by": "posts"}, "say schema.table.column"),
        ({"owned_by": "public.posts.id; drop table posts"}, "say schema.table.column"),
        ({"privileges": {"x": ["insert"]}}, '"insert" is none of'),
        ({"type": "text"}, "\"type\" is one of 'smallint'"),
        ({"start": "many"}, '"start"'),
    ],
)
def test_check_refuses(deploy: Deploy, inputs: Inputs, message: str) -> None:
    with pytest.raises(Refused, match=message):
        deploy.sequence("s", name="s", **inputs)


OTHERWISE = {
    "steps": ({"increment": 50}, {"increment": 1}, "counts by 1, no longer by 50"),
    "end": ({}, {"maxvalue": 90}, "numbers 1 to 90"),
    "type": ({}, {"type": "smallint"}, "numbers 1 to 32767"),
    "no cycle": ({"cycle": True}, {}, "does not begin again"),
    "cycle": ({}, {"cycle": True}, "numbers come twice"),
    "unlogged": ({}, {"unlogged": True}, "it starts over"),
    "start": ({}, {"start": 9}, None),
    "cache": ({}, {"cache": 9}, None),
    "wider": ({"type": "smallint"}, {"type": "bigint"}, None),
}


@pytest.mark.parametrize("used", [False, True], ids=["unused", "used"])
@pytest.mark.parametrize(("before", "after", "told"), OTHERWISE.values(), ids=list(OTHERWISE))
def test_other_numbers_are_told(
    deploy: Deploy, before: Inputs, after: Inputs, told: str | None, used: bool
) -> None:
    deploy.sequence("s", name="s", **before)
    if used:
        deploy.sql("select nextval('s')")
    with deploy.next_deployment(approve=""):
        if used and told:
            with pytest.raises(HazardNotApproved, match=told):
                deploy.sequence("s", name="s", **after)
        else:
            deploy.sequence("s", name="s", **after)


def test_limits_that_it_is_beyond_stop_the_preview(deploy: Deploy) -> None:
    deploy.sequence("s", name="s")
    deploy.sql("select setval('s', 500)")
    with pytest.raises(InvalidDeclaration, match=r"has counted to 500, which is not within 1 and 100"):
        deploy.sequence("s", name="s", maxvalue=100)


def test_one_that_nobody_used_begins_within_them(deploy: Deploy) -> None:
    deploy.sequence("s", name="s")
    deploy.sequence("s", name="s", minvalue=5)
    assert deploy.sql("select nextval('s')") == [(5,)]


def test_an_identity_stops_the_preview_too(deploy: Deploy) -> None:
    def counted(**options: int) -> Inputs:
        return col("n", "int", identity="always", nullable=False, identity_options=options or None)

    deploy.table(columns=[col("id", "int"), counted()])
    deploy.table(columns=[col("id", "int"), counted(minvalue=5, start=5)])
    deploy.sql("insert into posts select from generate_series(1, 9)")
    assert deploy.sql("select min(n), max(n) from posts") == [(5, 13)]
    with pytest.raises(InvalidDeclaration, match=r'identity of column "n" has counted to 13'):
        deploy.table(columns=[col("id", "int"), counted(maxvalue=9)])
