"""What belongs to a partitioned table: made by parts, without blocking, and on every partition."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from changes import POSTS, Change, fill, prove
from fix_provider import Deploy, Inputs, Refused, col

from gatepost.errors import StatementFailed

LOW = {"name": "low", "bounds": "from (minvalue) to (15)"}
HIGH = {"name": "high", "bounds": "from (15) to (1000)", "partitionBy": "list (status)"}
DRAFT = {"name": "draft", "bounds": "in ('draft')", "of": "high"}
REST = {"name": "rest", "bounds": "default", "of": "high"}
LATER = {"name": "later", "bounds": "from (1000) to (2000)"}
AUTHORS = {"schema": "public", "table": "authors", "columns": ["id"]}


DIVIDED: Inputs = {"partition_by": "range (id)", "partitions": [LOW, HIGH, DRAFT, REST, LATER]}


def divided(deploy: Deploy, **more: object) -> None:
    deploy.table("posts", columns=POSTS, **DIVIDED, **more)


def with_authors(deploy: Deploy) -> None:
    divided(deploy, row_security="forced")
    deploy.table("authors", columns=[col("id", "integer", nullable=False)])
    deploy.constraint("authors_pk", table="authors", kind="primary_key", columns=["id"])
    deploy.sql("insert into authors select g from generate_series(1, 100) as g")


def change(before: Inputs, after: Inputs, setup: Callable[[Deploy], None] = divided) -> Change:
    return Change(before, after, setup=setup)


def unique(*columns: str, **more: object) -> Inputs:
    return {"kind": "unique", "columns": list(columns), **more}


def foreign(**more: object) -> Inputs:
    return {"kind": "foreign_key", "columns": ["author"], "references": AUTHORS, **more}


def policy(using: str, **more: object) -> Inputs:
    return {"command": "all", "roles": ["gp_reader"], "using": using, **more}


INDEX = {"columns": ["author"]}
ON_INDEX = {
    "columns": change(INDEX, {"columns": ["title", "author desc"], "comment": "c"}),
    "unique": change(INDEX, {"columns": ["id", "status"], "unique": True, "include": ["title"]}),
    "operator class": change(
        INDEX,
        {"columns": ["author int4_minmax_multi_ops"], "method": "brin", "storage": {"pages_per_range": 8}},
    ),
    "partial": change(INDEX, {"columns": ["(lower(title)) text_pattern_ops"], "where": "views > 0"}),
    "name": change({**INDEX, "name": "a"}, {**INDEX, "name": "b"}),
}
KEYED = unique("id", "status")
ON_CONSTRAINT = {
    "unique": change(KEYED, unique("status", "id", "views", comment="c")),
    "unique deferred": change(KEYED, unique("id", "status", deferrable=True, initially_deferred=True)),
    "primary key": change(KEYED, {"kind": "primary_key", "columns": ["id", "status"], "include": ["title"]}),
    "check": change(
        {"kind": "check", "expression": "views >= 0"},
        {"kind": "check", "expression": "views > -1", "name": "other"},
    ),
    "foreign key": change(foreign(), foreign(on_delete="cascade", match="full"), with_authors),
    "foreign key deferred": change(
        foreign(), foreign(deferrable=True, initially_deferred=True), with_authors
    ),
    "check for a foreign key": change(foreign(), {"kind": "check", "expression": "views >= 0"}, with_authors),
}
ON_POLICY = {
    "expression": change(
        policy("posts.id > 0"), policy("exists (select 1 where posts.views = 1)", comment="c")
    ),
    "command": change(
        policy("id > 0", name="a"),
        {"command": "insert", "roles": ["public"], "check": "posts.views > 0", "name": "b"},
    ),
}
CHANGES = [
    pytest.param(kind, one, rows, id=f"{kind} {name}, {'rows' if rows else 'empty'}")
    for kind, changes in (("index", ON_INDEX), ("constraint", ON_CONSTRAINT), ("policy", ON_POLICY))
    for at, (name, one) in enumerate(changes.items())
    for rows in ((True, False) if at == 0 else (True,))
]


@pytest.mark.parametrize(("kind", "change", "rows"), CHANGES)
def test_change(deploy: Deploy, kind: str, change: Change, rows: bool) -> None:
    def apply(**inputs: object) -> str:
        return str(getattr(deploy, kind)("k", **inputs))

    prove(deploy, apply, change, lambda: deploy.delete(kind.title(), "k"), rows)


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [("index", INDEX), ("constraint", KEYED)],
    ids=["index", "key"],
)
def test_parts_are_built_concurrently_and_joined_at_once(deploy: Deploy, kind: str, inputs: Inputs) -> None:
    """Only what reads rows is outside the one transaction, and nothing in it does."""
    divided(deploy)
    fill(deploy)
    getattr(deploy, kind)("k", **inputs)
    plan = deploy.plans[-1][2].statements
    built = [one.sql for one in plan if one.mode == "concurrent"]
    assert [one.split('on "public".')[1].split()[0] for one in built] == ['"low"', '"draft"']
    assert all(" index concurrently " in one for one in built)
    assert [one.mode for one in plan] == ["concurrent"] * 2 + ["together"] * (len(plan) - 2)
    parts = (
        "select count(*), bool_and(i.indisvalid) from pg_index as i where i.indrelid = any(%s::regclass[])"
    )
    assert deploy.sql(parts, ["posts", "low", "high", "draft", "rest", "later"]) == [(6, True)]
    deploy.sql("create table more partition of posts for values from (2000) to (3000)")
    assert deploy.sql(parts, ["more"]) == [(1, True)]


def test_foreign_key_is_proved_partition_by_partition(deploy: Deploy) -> None:
    with_authors(deploy)
    fill(deploy)
    deploy.constraint("k", **foreign())
    plan = deploy.plans[-1][2].statements
    assert [one.on for one in plan if one.mode == "separate"] == [
        "public.later",
        "public.low",
        "public.draft",
        "public.rest",
    ]
    assert deploy.sql("select bool_and(convalidated) from pg_constraint where conrelid <> 0") == [(True,)]


@pytest.mark.parametrize("secured", ["off", "forced"])
def test_what_the_rows_do_not_keep_leaves_nothing_behind(deploy: Deploy, secured: str) -> None:
    with_authors(deploy)
    deploy.table("posts", columns=POSTS, **DIVIDED, row_security=secured)
    fill(deploy)
    deploy.sql("update posts set author = 1000 where id = 20")
    before = deploy.snapshot()
    for inputs in (foreign(), unique("status", "id", "author")):
        if inputs["kind"] == "unique":
            deploy.sql("insert into posts (id, title, author) select 20, 'again', 1000")
        with pytest.raises(StatementFailed, match=r"violates foreign key|could not create unique index"):
            deploy.constraint("k", **inputs)
        assert deploy.snapshot() == before
    deploy.sql("delete from posts where id = 20")
    deploy.constraint("k", **foreign())
    deploy.constraint("u", **unique("status", "id", "author"))


def test_parts_of_a_build_that_was_cut_short_are_used_or_repaired(deploy: Deploy) -> None:
    """What is valid was built from the same definition, as its name says; what is not is built again."""
    divided(deploy)
    fill(deploy)
    deploy.index("k", **INDEX)
    built = [one.builds for one in deploy.plans[-1][2].statements if one.builds]
    deploy.delete("Index", "k")
    for name, table, valid in zip(built, ("low", "draft"), (True, False), strict=True):
        bare = str(name).rpartition(".")[2]
        deploy.sql(f"create index {bare} on {table} (author)")  # type: ignore[arg-type]
        if not valid:
            deploy.sql("update pg_index set indisvalid = false where indexrelid = %s::regclass", bare)
    deploy.index("k", **INDEX)
    again = [one.sql.split()[0] for one in deploy.plans[-1][2].statements if one.mode == "concurrent"]
    assert again == ["drop", "create"]
    assert deploy.must_have("indexes", "k")["valid"]


def test_name_that_an_index_gave_up_is_free_for_another(deploy: Deploy) -> None:
    divided(deploy)
    fill(deploy)
    deploy.index("k", **INDEX)
    deploy.index("k", **INDEX, name="j")
    with deploy.next_deployment():
        assert deploy.index("other", **INDEX, name="k") == "create"
    assert deploy.must_have("indexes", "k")["valid"]


@pytest.mark.parametrize(
    ("kind", "inputs"), [("constraint", unique("id")), ("index", {"columns": ["id"], "unique": True})]
)
def test_key_without_the_partition_key_is_refused(deploy: Deploy, kind: str, inputs: Inputs) -> None:
    divided(deploy)
    lacking = r'"k" on "public\.posts": "public\.posts" is partitioned by status: what is unique'
    with pytest.raises(Refused, match=lacking):
        getattr(deploy, kind)("k", **inputs)


def test_partition_has_objects_of_its_own(deploy: Deploy) -> None:
    """They stay with it when the same is declared for the table, and when they go."""
    divided(deploy)
    fill(deploy)
    deploy.index("own", table="low", columns=["views"])
    deploy.constraint("own_check", table="low", kind="check", expression="views >= 0")
    own = deploy.snapshot()
    deploy.index("k", columns=["views"])
    deploy.delete("Index", "k")
    assert deploy.snapshot() == own
    assert deploy.refresh("Index", "own") == deploy.refresh("Constraint", "own_check") == "same"
