"""Hazards of a whole deployment: told at its preview, none at the first, approved by object or by name."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from changes import POSTS, fill, posts
from fix_provider import Deploy, Inputs, Refused, col, urn_of, wired
from pulumi.provider.experimental.provider import CreateRequest, DeleteRequest, UpdateRequest

from gatepost.errors import HazardNotApproved, ObjectExists, UsageError
from gatepost.postgres.plan import Hazard, risk

TOUCH = "create function touch() returns trigger language plpgsql as $$ begin return new; end $$"
POLICY = {"command": "select", "roles": ["gp_reader"], "using": "author = 1"}
CHECK = {"kind": "check", "expression": "id > 0"}
KEY = {"kind": "primary_key", "columns": ["id"]}
ON_POSTS: list[tuple[str, str, Inputs]] = [
    ("Constraint", "posts_pkey", KEY),
    ("Constraint", "positive", CHECK),
    ("Index", "by_author", {"columns": ["author"]}),
    ("Policy", "mine", POLICY),
    ("Trigger", "touched", {"function": "public.touch", "events": ["update"]}),
]


def on(table: str, kind: str, name: str, given: Inputs) -> tuple[str, str, Inputs]:
    return kind, name, {"schema": "public", "table": table, "name": name, **given}


def table(name: str, **given: Any) -> tuple[str, str, Inputs]:
    inputs = {"schema": "public", "name": name, "columns": POSTS, "rowSecurity": "forced", **given}
    return "Table", given.pop("resource", "posts"), inputs


def everything(name: str) -> list[tuple[str, str, Inputs]]:
    return [table(name), ("Function", "touch", {"sql": TOUCH}), *(on(name, *one) for one in ON_POSTS)]


def foretold(deploy: Deploy, *resources: tuple[str, str, Inputs]) -> list[list[str]]:
    """Preview all of them as one deployment; return the statements of each."""
    told = []
    with deploy.together():
        for kind, name, inputs in resources:
            urn = urn_of(kind, name)
            deploy.check(kind, name, inputs)
            if urn in deploy.state:
                given = UpdateRequest(urn, *deploy.state[urn], wired(inputs), 0, [], True)
                asyncio.run(deploy.provider.update(given))
            else:
                asyncio.run(deploy.provider.create(CreateRequest(urn, wired(inputs), 0, True)))
            told.append(deploy.statements())
    return told


def test_first_deployment_carries_none_though_rows_come_early(deploy: Deploy) -> None:
    with deploy.together(approve=""):
        for number, resource in enumerate(everything("posts")):
            deploy.deploy(*resource)
            assert deploy.risks() == []
            if number == 0:
                fill(deploy)


def test_ordinary_additions_carry_none(deploy: Deploy) -> None:
    posts(deploy)
    fill(deploy)
    with deploy.next_deployment(approve=""):
        deploy.table("posts", columns=[*POSTS, col("body"), col("seen", "int", nullable=False, default="0")])
    deploy.index("by_author", columns=["author"])
    deploy.constraint("posts_pkey", **KEY)
    deploy.constraint("positive", **CHECK)
    deploy.function("touch", sql=TOUCH)
    deploy.trigger("touched", function="public.touch", events=["update"])


REMOVED = {
    ("Policy", "mine"): ["CHANGES_ACCESS:public.posts.mine"],
    ("Trigger", "touched"): ["CHANGES_ACCESS:public.posts.touched"],
    ("Index", "by_author"): ["INDEX_DROPPED:public.posts.by_author"],
    ("Constraint", "positive"): ["BREAKS_CLIENTS:public.posts.positive"],
    ("Constraint", "posts_pkey"): [
        "BREAKS_CLIENTS:public.posts.posts_pkey",
        "INDEX_DROPPED:public.posts.posts_pkey",
    ],
    ("Table", "posts"): ["BREAKS_CLIENTS:public.posts", "DELETES_DATA:public.posts"],
}


@pytest.mark.parametrize("rows", [False, True], ids=["empty", "rows"])
def test_removal(deploy: Deploy, rows: bool) -> None:
    """Refused by `delete` itself: the Pulumi CLI shows nobody a delete before it happens."""
    for resource in everything("posts"):
        deploy.deploy(*resource)
    if rows:
        fill(deploy)
    before = deploy.snapshot()
    for (kind, name), risks in REMOVED.items():
        with deploy.next_deployment(approve=""):
            if rows:
                with pytest.raises(HazardNotApproved):
                    deploy.delete(kind, name)
            else:
                deploy.delete(kind, name)
            assert deploy.risks() == (risks if rows else [])
    assert not rows or deploy.snapshot() == before


def test_preview_of_a_renamed_table_tells_what_is_done(deploy: Deploy) -> None:
    """Its indexes, policies, triggers and constraints go with it, and need no statement."""
    for resource in everything("posts"):
        deploy.deploy(*resource)
    fill(deploy)
    before = deploy.snapshot()
    told = foretold(deploy, *everything("articles"))
    assert deploy.snapshot() == before
    first, *names = told[0]
    assert first == 'alter table "public"."posts" rename to "articles"'
    assert all(" rename constraint " in one and "_not_null" in one for one in names)
    assert told[1:] == [[] for _ in told[1:]]
    with deploy.together():
        for number, resource in enumerate(everything("articles")):
            if deploy.deploy(*resource) == "update":
                assert deploy.statements() == told[number]
                assert deploy.risks() == (["BREAKS_CLIENTS:public.posts"] if number == 0 else [])


def test_name_that_one_resource_gives_up_is_free_for_another(deploy: Deploy) -> None:
    deploy.deploy(*table("posts"))
    deploy.deploy(*on("posts", "Index", "by_author", {"columns": ["author"]}))
    moved = {"columns": ["author"], "name": "by_old_author"}
    given_up = table("old_posts"), on("old_posts", "Index", "by_author", moved)
    taken = (
        ("Table", "another", table("posts")[2]),
        ("Index", "another", on("posts", "Index", "by_author", {"columns": ["author"]})[2]),
    )
    told = foretold(deploy, *given_up, *taken)
    # the names of its constraints of not null follow it, where there are such
    assert [len([one for one in plan if "_not_null" not in one]) for plan in told] == [1, 1, 3, 1]
    with deploy.together():
        for number, resource in enumerate((*given_up, *taken)):
            deploy.deploy(*resource)
            assert deploy.statements() == told[number]
    with pytest.raises(ObjectExists, match="depend"):
        foretold(deploy, ("Table", "third", table("old_posts")[2]))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (table("posts"), ("Table", "other", table("posts")[2])),
        (table("posts"), ("View", "v", {"sql": "create view posts as select 1 as a"})),
        (table("posts"), on("notes", "Index", "posts", {"columns": ["id"]})),
        (table("notes_key"), on("notes", "Constraint", "notes_key", KEY)),
        (on("a", "Index", "i", {"columns": ["id"]}), on("b", "Index", "i", {"columns": ["id"]})),
        (on("posts", "Policy", "p", POLICY), ("Policy", "other", on("posts", "Policy", "p", POLICY)[2])),
    ],
)
def test_one_name_cannot_be_two_objects(deploy: Deploy, one: Any, other: Any) -> None:
    deploy.check(*one)
    deploy.check(*one)
    with pytest.raises(Refused, match="is the name of"):
        deploy.check(*(other if one[:2] != other[:2] else ("Index", "j", other[2])))


def test_same_name_elsewhere_is_another_object(deploy: Deploy) -> None:
    for kind, name, given in (
        on("a", "Policy", "p", POLICY),
        on("b", "Policy", "p2", {**POLICY, "name": "p"}),
        on("a", "Constraint", "positive", CHECK),
        on("b", "Constraint", "positive2", {**CHECK, "name": "positive"}),
        ("Table", "a", {**table("a")[2], "schema": "other"}),
        table("a"),
    ):
        deploy.check(kind, name, given)


@pytest.mark.parametrize("gathers", [False, True])
def test_preview_refuses_unless_its_listener_does(deploy: Deploy, gathers: bool) -> None:
    posts(deploy)
    fill(deploy)
    deploy.sql("analyze posts")
    with deploy.next_deployment(approve=""):
        deploy.provider.gate.gathers = gathers
        urn = urn_of("Table", "posts")
        request = DeleteRequest(urn, *deploy.state[urn], 0)
        if gathers:
            asyncio.run(deploy.provider.preview_delete(request))
        else:
            with pytest.raises(HazardNotApproved, match=r"about 30 rows, .* lock ACCESS EXCLUSIVE"):
                asyncio.run(deploy.provider.preview_delete(request))
        assert {one.hazard for one in deploy.plans[-1][2].refused} == {
            Hazard.DELETES_DATA,
            Hazard.BREAKS_CLIENTS,
        }
        with pytest.raises(HazardNotApproved):
            asyncio.run(deploy.provider.delete(request))


def test_loss_of_data_covers_whom_that_breaks(deploy: Deploy) -> None:
    posts(deploy)
    fill(deploy)
    with deploy.next_deployment(approve="DELETES_DATA:public.posts"):
        deploy.delete("Table", "posts")


def test_wrong_approval_fails_the_check_of_the_settings(deploy: Deploy) -> None:
    deploy.settings["approve"] = "DELETE_DATA"
    with pytest.raises(UsageError, match="did you mean DELETES_DATA"):
        deploy.another_provider()


def test_every_hazard_is_described() -> None:
    for hazard in Hazard:
        assert risk(hazard, "public.posts")[0].name == f"{hazard}:public.posts"


def test_an_engine_that_foresees_nothing_ends_nothing_while_data_would_be_lost(deploy: Deploy) -> None:
    posts(deploy)
    deploy.sql("create table other_owners (id int); insert into other_owners values (1)")
    deploy.view("v", sql="create view v as select 1 as a")
    deploy.function("p", sql="create procedure p() language plpgsql as $$ begin end $$")
    deploy.foresees = False
    with deploy.next_deployment():
        deploy.delete("View", "v")
    deploy.view("v", sql="create view v as select 1 as a")
    fill(deploy)
    for kind, name in (("View", "v"), ("Function", "p")):
        with (
            deploy.next_deployment(approve="CHANGES_ACCESS,BREAKS_CLIENTS"),
            pytest.raises(HazardNotApproved, match=r"nothing is deleted, because public.posts would go"),
        ):
            deploy.delete(kind, name)
    with deploy.next_deployment(approve="DELETES_DATA:public.posts"):
        deploy.delete("View", "v")
        deploy.delete("Function", "p")
        deploy.delete("Table", "posts")
