"""Indexes: concurrently where there are rows, replaced without a moment without one, repaired."""

from __future__ import annotations

import pytest
from changes import Change, each, fill, posts, prove, with_rows
from fix_provider import Deploy, Inputs, Refused, col

from gatepost.errors import ObjectExists, StatementFailed


def change(before: Inputs, after: Inputs) -> Change:
    return Change(before, after, setup=posts)


ONE = {"columns": ["author"]}
CHANGES = {
    "columns": change(ONE, {"columns": ["author", "made_at desc nulls last"]}),
    "columns, comment kept": change({**ONE, "comment": "k"}, {"columns": ["title"], "comment": "k"}),
    "expression": change(ONE, {"columns": ["(lower(title))", "title text_pattern_ops"]}),
    "partial": change(ONE, {**ONE, "where": "status = 'draft' -- the 'literal'"}),
    "predicate": change({**ONE, "where": "views > 0"}, {**ONE, "where": "views > 1"}),
    "unique": change(ONE, {**ONE, "unique": True}),
    "nulls not distinct": change(
        {"columns": ["id"], "unique": True}, {"columns": ["id"], "unique": True, "nulls_not_distinct": True}
    ),
    "include": change(ONE, {**ONE, "include": ["title", "status"]}),
    "method": change(ONE, {**ONE, "method": "hash"}),
    "brin": change(ONE, {"columns": ["made_at timestamptz_minmax_multi_ops"], "method": "brin"}),
    "gin": change(ONE, {"columns": ["(to_tsvector('simple', title))"], "method": "gin"}),
    "gist": change(ONE, {"columns": ["(point(views, views))"], "method": "gist"}),
    "spgist": change(ONE, {"columns": ["(title || '') text_ops"], "method": "spgist"}),
    "storage": change({**ONE, "storage": {"fillfactor": 90}}, {**ONE, "storage": {"fillfactor": "60"}}),
    "name": change({**ONE, "name": "a"}, {**ONE, "name": 'The "B"'}),
    "name and columns": change({**ONE, "name": "a", "comment": "c"}, {"columns": ["id"], "name": "b"}),
    "comment": change(ONE, {**ONE, "comment": 'it\'s "quoted"'}),
    "serves": change({**ONE, "serves": "queries/a.sql"}, {**ONE, "serves": "queries/b.sql"}),
    "longest name": change({**ONE, "name": "n" * 63}, {"columns": ["id"], "name": "n" * 63}),
}


@with_rows
@each(CHANGES)
def test_change(deploy: Deploy, change: Change, rows: bool) -> None:
    def index(**inputs: object) -> str:
        return deploy.index("i", **inputs)

    prove(deploy, index, change, lambda: deploy.delete("Index", "i"), rows)


def test_definition_says_what_is_declared(deploy: Deploy) -> None:
    posts(deploy)
    given = {"columns": ["title text_pattern_ops desc", "id"], "include": ["views"], "where": "views > 0"}
    deploy.index("i", **given, unique=True, nulls_not_distinct=True, storage={"fillfactor": 60})
    assert deploy.must_have("indexes", "i")["definition"] == (
        "CREATE UNIQUE INDEX i ON public.posts USING btree (title text_pattern_ops DESC, id) INCLUDE (views)"
        " NULLS NOT DISTINCT WITH (fillfactor='60') WHERE (views > 0)"
    )


def test_index_of_a_table_with_rows_is_built_and_dropped_concurrently(deploy: Deploy) -> None:
    posts(deploy)
    deploy.index("i", columns=["author"])
    assert "concurrently" not in " ".join(deploy.statements())
    fill(deploy)
    deploy.index("i", columns=["title"])
    build, *swap, drop = deploy.plans[-1][2].statements
    assert [build.mode, *(one.mode for one in swap), drop.mode] == [
        "concurrent",
        "together",
        "together",
        "concurrent",
    ]
    deploy.delete("Index", "i")
    assert deploy.statements() == ['drop index concurrently if exists "public"."i"']


def test_duplicates_leave_no_invalid_index(deploy: Deploy) -> None:
    posts(deploy)
    fill(deploy)
    before = deploy.snapshot()
    for _ in range(2):
        with pytest.raises(
            StatementFailed, match=r'"i": could not create unique.*, in public.posts \(status\)'
        ):
            deploy.index("i", columns=["status"], unique=True)
        assert deploy.snapshot() == before
    outcomes = deploy.sql(
        "select outcome from gatepost.ledger where operation = 'create' order by id desc limit 2"
    )
    assert sorted(outcomes) == [("done",), ("failed",)]


def leave_invalid(deploy: Deploy, name: str, column: str = "status") -> None:
    with pytest.raises(Exception, match=r"duplicated"):
        deploy.sql(f"create unique index concurrently {name} on posts ({column})")  # type: ignore[arg-type]


def test_invalid_leftovers_are_rebuilt(deploy: Deploy) -> None:
    posts(deploy)
    fill(deploy)
    leave_invalid(deploy, "i")
    deploy.index("i", columns=["author"])
    assert deploy.must_have("indexes", "i")["valid"]
    for leftover in ("i__new", "i__old"):
        leave_invalid(deploy, leftover)
    deploy.index("i", columns=["title"])
    assert [key.object for key in deploy.snapshot() if key.kind == "indexes"] == ["i"]


DRIFTS = {
    "columns": ("drop index i", "create index i on posts (title)"),
    "predicate": ("drop index i", "create index i on posts (author) where views > 3"),
    "comment": ("comment on index i is null",),
}


@with_rows
@pytest.mark.parametrize("drift", DRIFTS.values(), ids=list(DRIFTS))
def test_drift_is_seen_and_mended(deploy: Deploy, drift: tuple[str, ...], rows: bool) -> None:
    posts(deploy)
    deploy.index("i", columns=["author"], comment="c")
    if rows:
        fill(deploy)
    deployed = deploy.snapshot()
    assert deploy.refresh("Index", "i") == "same"
    for statement in drift:
        deploy.sql(statement)  # type: ignore[arg-type]
    assert deploy.refresh("Index", "i") == "drift"
    assert deploy.index("i", columns=["author"], comment="c") == "update"
    assert deploy.snapshot() == deployed


def test_invalid_is_drift(deploy: Deploy) -> None:
    posts(deploy)
    fill(deploy)
    deploy.index("i", columns=["author"])
    deployed = deploy.snapshot()
    deploy.sql("update pg_index set indisvalid = false where indexrelid = 'i'::regclass")
    assert deploy.refresh("Index", "i") == "drift"
    deploy.index("i", columns=["author"])
    assert deploy.snapshot() == deployed


def test_gone_is_done_made_anew_or_gone(deploy: Deploy) -> None:
    posts(deploy)
    deploy.index("i", columns=["author"])
    deploy.sql("drop index i")
    assert deploy.index("i", columns=["title"]) == "update"
    deploy.sql("drop index i")
    assert deploy.refresh("Index", "i") == "gone"
    deploy.index("i", columns=["title"])
    deploy.sql("drop index i")
    deploy.delete("Index", "i")


def test_two_schemas_may_have_an_index_of_one_name(deploy: Deploy) -> None:
    posts(deploy)
    deploy.sql("create schema blog; grant all on schema blog to deployer")
    deploy.table("Blog posts", schema="blog", columns=[col("Author Id", "integer")])
    deploy.index("i", columns=["author"])
    deploy.index("other", name="i", schema="blog", table="Blog posts", columns=['"Author Id"'])
    deploy.sql('insert into blog."Blog posts" values (1)')
    deploy.index("other", name="i", schema="blog", table="Blog posts", columns=['"Author Id" desc'])
    deploy.delete("Index", "other")
    assert (
        deploy.must_have("indexes", "i")["definition"]
        == "CREATE INDEX i ON public.posts USING btree (author)"
    )


def test_foreign_index_is_left_alone(deploy: Deploy) -> None:
    posts(deploy)
    deploy.sql("create index i on posts (id)")
    with pytest.raises(ObjectExists, match=r"public.i exists already"):
        deploy.index("i", columns=["author"])


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"columns": ["nope"]}, 'table "public.posts" has no column nope: it has author, id, made_at'),
        ({"columns": ["(lower(titel))"]}, 'index "i" on "public.posts": unknown column titel'),
        ({"columns": ["title"], "where": "stat = 1"}, "unknown column stat"),
        ({"columns": ["title"], "include": ["nope"]}, "has no column nope"),
        ({"columns": ["titl e("]}, 'index "i" on "public.posts".*syntax error'),
        ({"columns": ["title); drop table posts; --"]}, "more than one statement|syntax error"),
        ({"columns": []}, "names no columns"),
        ({"colums": ["title"]}, 'unknown property "colums": it is one of columns, comment'),
        ({}, '"columns" is required'),
    ],
)
def test_check_refuses(deploy: Deploy, inputs: Inputs, message: str) -> None:
    posts(deploy)
    with pytest.raises(Refused, match=message):
        deploy.index("i", **inputs)
