"""Types: altered where PostgreSQL can, exchanged with all that uses them where it cannot."""

from __future__ import annotations

import pytest
from changes import Change, each, posts, prove
from fix_provider import Deploy, Inputs, Refused, col

from gatepost.errors import HazardNotApproved, ObjectExists, StatementFailed, StillUsed


def used(deploy: Deploy) -> None:
    posts(deploy)
    deploy.sql('create schema if not exists "Odd Schema" authorization deployer')


def change(before: Inputs, after: Inputs, done: str = "update") -> Change:
    return Change({"name": "t", **before}, {"name": "t", **after}, done, setup=used)


def enum(*values: str, **more: object) -> Inputs:
    return {"kind": "enum", "values": list(values), **more}


def domain(type_: str, **more: object) -> Inputs:
    return {"kind": "domain", "type": type_, **more}


def composite(*attributes: tuple[str, str], **more: object) -> Inputs:
    return {"kind": "composite", "attributes": [{"name": n, "type": t} for n, t in attributes], **more}


KEPT = {"comment": "k", "privileges": {"gp_reader": ["usage"]}}
AB = enum("a", "b", **KEPT)
POSITIVE = domain("integer", checks={"positive": "value > 0"}, default="1", **KEPT)
POINT = composite(("x", "int"), ("Y", "text"), **KEPT)
CHANGES = {
    "enum: values added": change(AB, enum("first", "a", "it's", "between", "b", "last", **KEPT)),
    "enum: values of an empty one": change(enum(), enum("a", "b")),
    "enum: value renamed": change(enum("a", "b", renamed={"b": "c"}), enum("a", "c", renamed={"c": "b"})),
    "enum: value renamed and others added": change(
        enum("a", "b", renamed={"b": "c"}), enum("x", "a", "c", "d", renamed={"c": "b"})
    ),
    "enum: value removed": change(AB, enum("b", **KEPT)),
    "enum: an empty value": change(AB, enum("a", "", "b", **KEPT)),
    "enum: order changed": change(AB, enum("b", "a", **KEPT)),
    "enum: order, name and privileges": change(AB, enum("b", "a", name="The T", comment="new")),
    "domain: default and not null": change(POSITIVE, domain("integer", nullable=False, default="2")),
    "domain: checks": change(
        POSITIVE, domain("int", checks={"positive": "value >= 0", "small": "value < 9 -- 'x'"})
    ),
    "domain: type": change(POSITIVE, domain("bigint", checks={"positive": "value > 0"}, **KEPT)),
    "domain: collation": change(domain("text"), domain("text", collation='"C"')),
    "composite: attribute added": change(POINT, composite(("x", "int"), ("Y", "text"), ("z", "int"), **KEPT)),
    "composite: attribute dropped": change(POINT, composite(("Y", "text"), **KEPT)),
    "composite: attribute's type": change(POINT, composite(("x", "bigint"), ("Y", "text"), **KEPT)),
    "composite: order changed": change(POINT, composite(("Y", "text"), ("x", "int"), **KEPT)),
    "composite: comments": change(
        POINT,
        {
            "kind": "composite",
            "attributes": [{"name": "x", "type": "int", "comment": "c"}, {"name": "Y", "type": "text"}],
        },
    ),
    "another kind": change({**AB, "name": "a"}, {**POSITIVE, "name": "b"}, "replace"),
    "name and schema": change(AB, {**AB, "name": "u", "schema": "Odd Schema"}),
    "name of a domain": change(POSITIVE, {**POSITIVE, "name": "u"}),
    "privileges": change(AB, {**AB, "privileges": {"public": ["usage"]}}),
    "comment": change(POSITIVE, {**POSITIVE, "comment": "it's"}),
}


@each(CHANGES)
def test_change(deploy: Deploy, change: Change) -> None:
    def apply(**inputs: object) -> str:
        return deploy.type("t", **{"schema": "public", **inputs})

    prove(deploy, apply, change, lambda: deploy.delete("Type", "t"), rows=False)


STATUS = enum("draft", "sent", "gone", name="status")


def using_it(deploy: Deploy) -> None:
    """A type in everything that can hang on one, and rows."""
    deploy.type("status", **STATUS)
    columns = [
        col("id", "int"),
        col("status", "status", default="'draft'"),
        col("all_of_them", "status[]", default="'{sent}'"),
        col("sent", "boolean", generated="status = 'sent'"),
    ]
    deploy.table(columns=columns, row_security="forced", privileges={"gp_reader": ["select"]})
    deploy.constraint("known", kind="check", expression="status <> 'gone'")
    deploy.index("by_status", columns=["status"])
    deploy.index("drafts", columns=["id"], where="status = 'draft'")
    deploy.policy("p", command="select", roles=["gp_reader"], using="status = 'sent'", comment="k")
    deploy.view("v", sql="create view v as select status, count(*) as n from posts group by 1")
    deploy.function(
        "f", sql="create function f(s status default 'sent') returns status language sql as 'select s'"
    )
    deploy.function(
        "touch", sql="create function touch() returns trigger language plpgsql as 'begin return new; end'"
    )
    deploy.trigger("t", function="public.touch", events=["update of status"], when="new.status = 'sent'")
    deploy.sql("insert into posts (id, status) select g, 'draft' from generate_series(1, 30) as g")


def test_exchanged_with_all_that_uses_it(deploy: Deploy) -> None:
    using_it(deploy)
    started = deploy.snapshot()
    other = enum("sent", "draft", "gone", name="status")
    refused = pytest.raises(HazardNotApproved, match=r"Retyped column public.posts.status: every row")
    with deploy.next_deployment(approve="BREAKS_CLIENTS"), refused:
        deploy.type("status", **other)
    with deploy.next_deployment(approve="BREAKS_CLIENTS,REWRITES_TABLE,BLOCKS_READS"):
        assert deploy.type("status", **other) == "update"
    assert deploy.type("status", **other) == "same"
    changed = deploy.snapshot()
    assert {key for key in changed if changed[key] != started[key]} == {
        key for key in started if key.kind == "types"
    }
    assert deploy.sql("select count(*), min(status::text) from posts") == [(30, "draft")]
    assert deploy.type("status", **STATUS) == "update"
    assert deploy.snapshot() == started


def test_additions_need_no_exchange(deploy: Deploy) -> None:
    using_it(deploy)
    with deploy.next_deployment(approve="CHANGES_ACCESS"):
        deploy.type("status", **enum("new", "draft", "open", "sent", "gone", name="status"))
    assert deploy.statements() == [
        """alter type "public"."status" add value 'new' before 'draft'""",
        """alter type "public"."status" add value 'open' after 'draft'""",
    ]


def test_a_renamed_value_is_converted_with_its_rows(deploy: Deploy) -> None:
    posts(deploy)
    deploy.type("t", **enum("a", "b", name="t"))
    deploy.sql("create table kept as select 'b'::t as v")
    deploy.sql("alter table kept owner to deployer")
    deploy.type("t", **enum("c", "x", name="t", renamed={"c": "b"}))
    assert deploy.sql("select v from kept") == [("c",)]


def test_a_value_that_rows_have_cannot_go(deploy: Deploy) -> None:
    posts(deploy)
    deploy.type("t", **enum("a", "b", name="t"))
    deploy.sql("create table kept as select 'a'::t as v")
    deploy.sql("alter table kept owner to deployer")
    before = deploy.snapshot()
    with pytest.raises(StatementFailed, match=r"invalid input value for enum t: .a value."):
        deploy.type("t", **enum("b", name="t"))
    assert deploy.snapshot() == before


def test_a_domain_is_proved_without_its_table_being_locked_for_readers(deploy: Deploy) -> None:
    deploy.type("t", **domain("int", name="t"))
    deploy.table("posts", columns=[col("id", "t")])
    deploy.sql("insert into posts values (3)")
    checked = domain("int", name="t", checks={"positive": "value > 0"})
    refused = pytest.raises(HazardNotApproved, match=r"BLOCKS_WRITES on public.posts")
    with deploy.next_deployment(approve="CHANGES_ACCESS"), refused:
        deploy.type("t", **checked)
    with deploy.next_deployment(approve="BLOCKS_WRITES"):
        assert deploy.type("t", **checked) == "update"
    assert [one.mode for one in deploy.plans[-1][2].statements] == ["together", "separate"]


@pytest.mark.parametrize("before", [{}, {"k": "value < 9"}])
def test_nothing_is_left_of_a_check_that_a_value_fails(deploy: Deploy, before: dict[str, str]) -> None:
    deploy.type("t", **domain("int", name="t", checks=before))
    deploy.table("posts", columns=[col("id", "t")])
    deploy.sql("insert into posts values (3)")
    deployed = deploy.snapshot()
    stricter = domain("int", name="t", checks={"k": "value > 5"}, default="7")
    with deploy.next_deployment(approve="BLOCKS_WRITES,BREAKS_CLIENTS"):
        with pytest.raises(StatementFailed, match="violate the new constraint"):
            deploy.type("t", **stricter)
        assert deploy.snapshot() == deployed
        deploy.sql("update posts set id = 6")
        assert deploy.type("t", **stricter) == "update"
    assert deploy.sql("select conname, convalidated from pg_constraint where contypid = 't'::regtype") == [
        ("k", True)
    ]


def test_a_composite_with_values_keeps_its_order(deploy: Deploy) -> None:
    point = {**POINT, "name": "t"}
    deploy.type("t", **point)
    deploy.table("posts", columns=[col("id", "t")])
    deploy.sql("""insert into posts values ('(1,a)')""")
    with pytest.raises(StillUsed, match=r"order of its attributes.*public.posts.id"):
        deploy.type("t", **composite(("Y", "text"), ("x", "int"), name="t", **KEPT))
    assert deploy.type("t", **composite(("x", "bigint"), ("Y", "varchar"), name="t", **KEPT)) == "update"
    assert deploy.sql('select (id).x, (id)."Y" from posts') == [(1, "a")]
    assert deploy.type("t", **composite(("Y", "varchar"), ("z", "int"), name="t", **KEPT)) == "update"
    assert deploy.risks() == ["DELETES_DATA:public.posts"]
    assert deploy.sql('select (id)."Y", (id).z from posts') == [("a", None)]


DRIFTS = {
    "value": (AB, "alter type t add value 'z'"),
    "privileges": (AB, "grant usage on type t to public"),
    "check": (POSITIVE, "alter domain t add constraint more check (value < 5)"),
    "default": (POSITIVE, "alter domain t drop default"),
    "attribute": (POINT, "alter type t add attribute z int"),
    "comment": (POINT, "comment on type t is null"),
}


@pytest.mark.parametrize(("given", "drift"), DRIFTS.values(), ids=list(DRIFTS))
def test_drift_is_seen_and_mended(deploy: Deploy, given: Inputs, drift: str) -> None:
    deploy.type("t", name="t", **given)
    deployed = deploy.snapshot()
    assert deploy.refresh("Type", "t") == "same"
    deploy.sql(drift)  # type: ignore[arg-type]
    assert deploy.refresh("Type", "t") == "drift"
    assert deploy.type("t", name="t", **given) == "update"
    assert deploy.snapshot() == deployed
    assert deploy.refresh("Type", "t") == "same"


def test_gone_is_done_made_anew_or_gone(deploy: Deploy) -> None:
    deploy.type("t", name="t", **AB)
    deploy.sql("drop type t")
    assert deploy.type("t", name="t", **enum("b", "a")) == "update"
    deploy.sql("drop type t")
    assert deploy.refresh("Type", "t") == "gone"


def test_foreign_type_is_left_alone(deploy: Deploy) -> None:
    deploy.sql("create type t as enum ('x')")
    with pytest.raises(ObjectExists, match=r"public.t exists already"):
        deploy.type("t", name="t", **AB)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (enum("a", "a"), "a is declared twice"),
        (enum("a", type="int"), "a type of kind enum takes no type"),
        (domain("int", checks={"k": "value >"}), 'check "k".*syntax error'),
        (domain("int; drop table posts"), "syntax error|expected"),
        (domain("text", collation="C"), """collation: PostgreSQL reads C as c: write '"C"'"""),
        (composite(("x", "int"), ("x", "int")), "x is declared twice"),
        ({"kind": "range"}, "\"kind\" is one of 'enum'"),
        (enum("a", privileges={"x": ["select"]}), '"select" is none of usage'),
    ],
)
def test_check_refuses(deploy: Deploy, inputs: Inputs, message: str) -> None:
    with pytest.raises(Refused, match=message):
        deploy.type("t", name="t", **inputs)
