"""Constraints: exchanged without a moment without one, validated apart, undone when they do not hold."""

from __future__ import annotations

import psycopg
import pytest
from changes import POSTS, Change, each, fill, posts, prove, with_rows
from fix_provider import Deploy, Inputs, Refused, col

from gatepost.errors import InvalidDeclaration, ObjectExists, StatementFailed


def keyed(deploy: Deploy) -> None:
    """`posts`, and `authors` for its foreign keys; rows of one fit the other."""
    posts(deploy)
    deploy.table("authors", columns=[col("id", "integer", nullable=False), col("code", "integer")])
    for name, kind, columns in (("pk", "primary_key", ["id"]), ("code", "unique", ["code"])):
        deploy.constraint(f"authors_{name}", table="authors", kind=kind, columns=columns)
    deploy.sql("insert into authors select g, g from generate_series(1, 100) as g")


def change(before: Inputs, after: Inputs) -> Change:
    return Change(before, after, setup=keyed)


def check(expression: str, **more: object) -> Inputs:
    return {"kind": "check", "expression": expression, **more}


def unique(*columns: str, **more: object) -> Inputs:
    return {"kind": "unique", "columns": list(columns), **more}


def key(*columns: str, **more: object) -> Inputs:
    return {"kind": "primary_key", "columns": list(columns), **more}


def foreign(**more: object) -> Inputs:
    to = {"schema": "public", "table": "authors", "columns": ["id"]}
    return {"kind": "foreign_key", "columns": ["author"], "references": to, **more}


def exclusion(*elements: tuple[str, str], **more: object) -> Inputs:
    listed = elements or (("int4range(id, id, '[]')", "&&"),)
    return {
        "kind": "exclusion",
        "elements": [{"element": element, "operator": operator} for element, operator in listed],
        **more,
    }


CODE = {"schema": "public", "table": "authors", "columns": ["code"]}
CHANGES = {
    "check expression": change(check("views >= 0"), check("views > -1 and status <> ''")),
    "check expression, comment kept": change(
        check("views >= 0", comment="k"), check("views > -1", comment="k")
    ),
    "check with a comment at its end": change(check("views >= 0"), check("views > -1 -- not 'negative'")),
    "check renamed": change(check("views >= 0", name="a"), check("views >= 0", name="b")),
    "check renamed and changed": change(check("views >= 0", name="a"), check("views > -1", name='B "q"')),
    "comment": change(check("views >= 0"), check("views >= 0", comment="it's")),
    "unique columns": change(unique("id"), unique("id", "title")),
    "unique columns, comment kept": change(unique("id", comment="k"), unique("title", comment="k")),
    "unique deferrable": change(unique("id"), unique("id", deferrable=True)),
    "unique nulls not distinct": change(
        unique("id", "score"), unique("id", "score", nulls_not_distinct=True)
    ),
    "unique renamed and changed": change(unique("id", name="a"), unique("title", name="b")),
    "primary key columns": change(key("id"), key("id", "status")),
    "primary key renamed": change(key("id", name="posts_pkey"), key("id", name="pk")),
    "primary key deferrable": change(key("id", comment="k"), key("id", deferrable=True, comment="k")),
    "foreign key action": change(foreign(), foreign(on_delete="cascade", on_update="set null")),
    "foreign key target": change(foreign(), foreign(references=CODE)),
    "foreign key deferrable": change(foreign(comment="k"), foreign(deferrable=True, comment="k")),
    "unique include": change(unique("id"), unique("id", include=["title"])),
    "unique initially deferred": change(
        unique("id", deferrable=True), unique("id", deferrable=True, initially_deferred=True)
    ),
    "foreign key match": change(foreign(), foreign(match="full", deferrable=True, initially_deferred=True)),
    "check without inheritance": change(check("views >= 0"), check("views >= 0", no_inherit=True)),
    "check not valid": change(
        check("views >= 0", not_valid=True, comment="k"), check("views >= 0", name="b")
    ),
    "check not valid and changed": change(
        check("views >= 0", not_valid=True), check("views > -1", not_valid=True)
    ),
    "check not valid, then changed and proved": change(
        check("views >= 0", not_valid=True), check("views > -1")
    ),
    "foreign key not valid": change(foreign(not_valid=True), foreign(comment="k")),
    "foreign key sets one column": change(
        foreign(on_delete="set null", on_delete_columns=["author"]), foreign(on_delete="set null")
    ),
    "unique stored otherwise": change(
        unique("id", storage={"fillfactor": "70"}), unique("id", storage={"fillfactor": "50"}, name="b")
    ),
    "exclusion stored otherwise": change(exclusion(), exclusion(storage={"fillfactor": "50"})),
    "exclusion": change(exclusion(), exclusion(where="views >= 0", comment="k")),
    "exclusion of expressions": change(
        exclusion(), exclusion(("(int4range(id, id, '[]')) range_ops", "&&"), deferrable=True, name="x")
    ),
    "exclusion instead of unique": change(unique("id"), exclusion(("id", "="), method="btree")),
    "check instead of unique": change(unique("id"), check("id > 0")),
    "unique instead of check": change(check("id > 0"), unique("id")),
}


@with_rows
@each(CHANGES)
def test_change(deploy: Deploy, change: Change, rows: bool) -> None:
    def constraint(**inputs: object) -> str:
        return deploy.constraint("k", **inputs)

    prove(deploy, constraint, change, lambda: deploy.delete("Constraint", "k"), rows)


def spans(deploy: Deploy) -> None:
    """`posts` and `authors` with the range of one number of each row."""
    whole = col("span", "int4range", generated="int4range(id, id, '[]')")
    posts(deploy)
    deploy.table("posts", columns=[*POSTS, col("who", "int4range"), whole])
    deploy.table("authors", columns=[col("who", "int4range", nullable=False), col("span", "int4range")])
    deploy.constraint("authors_pk", table="authors", kind="primary_key", columns=["who", "span"], period=True)


COVERED = {"schema": "public", "table": "authors", "columns": ["who", "span"]}
PERIOD = {"kind": "foreign_key", "columns": ["who", "span"], "references": COVERED, "period": True}
CHANGES_OF_18 = {
    "unique with a period": Change(
        unique("who", "span"), unique("who", "span", period=True, comment="k"), setup=spans
    ),
    "foreign key with a period": Change(PERIOD, {**PERIOD, "not_valid": True}, setup=spans),
    "check not enforced": change(check("views >= 0"), check("views > 0", enforced=False)),
    "foreign key not enforced": change(foreign(), foreign(enforced=False, comment="k")),
}


@with_rows
@each(CHANGES_OF_18)
def test_change_of_what_18_has(deploy: Deploy, change: Change, rows: bool) -> None:
    def constraint(**inputs: object) -> str:
        return deploy.constraint("k", **inputs)

    if deploy.superuser.info.server_version < 180000:
        with pytest.raises(InvalidDeclaration, match=r"PostgreSQL 1. does not know (period|enforced)"):
            prove(deploy, constraint, change, lambda: deploy.delete("Constraint", "k"), rows)
        return
    prove(deploy, constraint, change, lambda: deploy.delete("Constraint", "k"), rows)


DEFERRED = {"deferrable": True, "initially_deferred": True}
DEFINITIONS = {
    "UNIQUE (id) INCLUDE (title) DEFERRABLE INITIALLY DEFERRED": unique("id", include=["title"], **DEFERRED),
    "PRIMARY KEY (id, status) INCLUDE (views)": key("id", "status", include=["views"]),
    "FOREIGN KEY (author) REFERENCES public.authors(id) MATCH FULL DEFERRABLE INITIALLY DEFERRED": foreign(
        match="full", **DEFERRED
    ),
    "EXCLUDE USING gist (int4range(id, id, '[]'::text) WITH &&) WHERE ((views >= 0))": exclusion(
        where="views >= 0"
    ),
    "CHECK ((views >= 0)) NO INHERIT": check("views >= 0", no_inherit=True),
}


@pytest.mark.parametrize("rows", [False, True])
def test_definition_says_what_is_declared(deploy: Deploy, rows: bool) -> None:
    keyed(deploy)
    if rows:
        fill(deploy)
    for at, (definition, inputs) in enumerate(DEFINITIONS.items()):
        deploy.constraint(f"k{at}", **inputs)
        assert deploy.must_have("constraints", f"k{at}")["definition"] == definition


def test_constraint_of_a_table_with_rows_is_validated_apart(deploy: Deploy) -> None:
    keyed(deploy)
    fill(deploy)
    deploy.constraint("fk", **foreign())
    plan = deploy.plans[-1][2].statements
    assert [(statement.mode, statement.lock.value) for statement in plan] == [
        ("together", "SHARE ROW EXCLUSIVE"),
        ("separate", "SHARE UPDATE EXCLUSIVE"),
    ]
    assert deploy.must_have("constraints", "fk")["validated"]


BROKEN = {
    "check": (check("views > 0"), "violated by some row"),
    "foreign key": (foreign(), "violates foreign key"),
    "unique": (unique("status"), r"could not create unique index.*, in public\.posts \(status\)"),
    "primary key": (
        key("author"),
        "could not create unique index|contains null values|is violated by some row",
    ),
}


@pytest.mark.parametrize(("inputs", "message"), BROKEN.values(), ids=list(BROKEN))
@pytest.mark.parametrize("exchanged", [False, True], ids=["created", "exchanged"])
def test_what_the_rows_do_not_keep_leaves_nothing_behind(
    deploy: Deploy, inputs: Inputs, message: str, exchanged: bool
) -> None:
    keyed(deploy)
    if exchanged:
        deploy.constraint("k", kind="unique", columns=["id"])
    fill(deploy)
    deploy.sql("update posts set author = case when id > 1 then 1000 end")
    before = deploy.snapshot()
    for _ in range(2):  # the second time meets nothing of the first
        with pytest.raises(StatementFailed, match=f'Constraint "k": .*({message})'):
            deploy.constraint("k", **inputs)
        assert deploy.snapshot() == before
    deploy.sql("delete from posts")
    deploy.sql("vacuum posts")
    deploy.constraint("k", **inputs)


def test_rows_that_were_there_are_proved_once_not_valid_is_taken_away(deploy: Deploy) -> None:
    keyed(deploy)
    fill(deploy)
    deploy.constraint("few", **check("id < 10", not_valid=True))
    assert deploy.must_have("constraints", "few")["validated"] is False
    with pytest.raises(psycopg.errors.CheckViolation):
        deploy.sql("insert into posts (id, title) values (10, 'new')")
    with pytest.raises(StatementFailed, match="few"):
        deploy.constraint("few", **check("id < 10"))
    deploy.sql("delete from posts where id >= 10")
    assert deploy.constraint("few", **check("id < 10")) == "update"
    assert deploy.plans[-1][2].statements[0].sql.endswith('validate constraint "few"')
    assert deploy.must_have("constraints", "few")["validated"] is True


def test_leftovers_of_a_deployment_cut_short_are_removed(deploy: Deploy) -> None:
    keyed(deploy)
    fill(deploy)
    deploy.constraint("c", **check("views >= 0"))
    deploy.constraint("u", **unique("id"))
    deploy.sql("alter table posts add constraint c__new check (views > 7) not valid")
    deploy.sql("create unique index u__new on posts (title)")
    deploy.constraint("c", **check("views > -1"))
    deploy.constraint("u", **unique("id", "title"))
    assert {key.object for key in deploy.snapshot()} >= {"c", "u"}
    assert not [key for key in deploy.snapshot() if key.object.endswith("__new")]


DRIFTS = {
    "expression": (
        "alter table posts drop constraint k; alter table posts add constraint k check (views < 100)"
    ),
    "not valid": (
        "alter table posts drop constraint k; alter table posts add constraint k check (views >= 0) not valid"
    ),
    "kind": "alter table posts drop constraint k; alter table posts add constraint k unique (id)",
    "comment": "comment on constraint k on posts is 'drifted'",
}


@with_rows
@pytest.mark.parametrize("drift", DRIFTS.values(), ids=list(DRIFTS))
def test_drift_is_seen_and_mended(deploy: Deploy, drift: str, rows: bool) -> None:
    posts(deploy)
    deploy.constraint("k", **check("views >= 0", comment="c"))
    if rows:
        fill(deploy)
    deployed = deploy.snapshot()
    assert deploy.refresh("Constraint", "k") == "same"
    for statement in drift.split("; "):
        deploy.sql(statement)  # type: ignore[arg-type]
    assert deploy.refresh("Constraint", "k") == "drift"
    assert deploy.constraint("k", **check("views >= 0", comment="c")) == "update"
    assert deploy.snapshot() == deployed
    assert deploy.refresh("Constraint", "k") == "same"


def test_gone_is_done_made_anew_or_gone(deploy: Deploy) -> None:
    posts(deploy)
    drop = "alter table posts drop constraint k"
    deploy.constraint("k", **check("views >= 0"))
    deploy.sql(drop)
    assert deploy.constraint("k", **check("views > -1", name="other")) == "update"
    deploy.constraint("k", **check("views >= 0"))
    deploy.sql(drop)
    assert deploy.refresh("Constraint", "k") == "gone"
    deploy.constraint("k", **check("views >= 0"))
    deploy.sql(drop)
    deploy.delete("Constraint", "k")
    deploy.constraint("k", **check("views >= 0"))
    deploy.sql("drop table posts")
    deploy.delete("Constraint", "k")


def test_column_dropped_with_its_constraint(deploy: Deploy) -> None:
    """The table goes first and takes the constraint along; what then changes is made anew."""
    posts(deploy)
    deploy.constraint("k", **unique("id", "score"))
    from changes import POSTS

    deploy.table(columns=[one for one in POSTS if one["name"] != "score"])
    assert deploy.constraint("k", **unique("id")) == "update"
    assert deploy.must_have("constraints", "k")["definition"] == "UNIQUE (id)"


def test_foreign_constraint_is_left_alone(deploy: Deploy) -> None:
    posts(deploy)
    deploy.sql("alter table posts add constraint k check (views > 5)")
    with pytest.raises(ObjectExists, match=r"public.posts.k exists already"):
        deploy.constraint("k", **check("views >= 0"))
    with deploy.next_deployment():
        deploy.constraint("mine", **check("views >= 0"))
        with pytest.raises(ObjectExists, match=r"public.posts.k exists already"):
            deploy.constraint("mine", **check("views >= 0", name="k"))


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (check("viewz > 0"), 'constraint "k" on "public.posts": unknown column viewz'),
        (check("views >"), 'constraint "k" on "public.posts".*syntax error'),
        (check("views > 0, 1"), "expected one SQL expression"),
        (unique("nope"), 'table "public.posts" has no column nope: it has author, id'),
        (unique(), "names no columns"),
        (unique("id", not_valid=True), "only a check or a foreign key can be not valid"),
        (foreign(references=None), "names no table that it references"),
        (foreign(references={"table": "authors", "columns": ["id", "code"]}), "1 columns cannot reference 2"),
        (
            foreign(references={"table": "authors", "columns": ["nope"]}),
            '"public.authors" has no column nope',
        ),
        (foreign(on_delete="explode"), "\"onDelete\" is one of 'no action'"),
        (check("views > 0", kind="inclusion"), "\"kind\" is one of 'primary_key'"),
        (exclusion(("nope", "=")), "has no column nope"),
        (exclusion(("id", "= ); drop table posts; --")), "syntax error|more than one statement"),
        ({"kind": "exclusion"}, "names no elements"),
        (unique("id", period=True), "has a period, as its last column after others"),
        (unique("id", enforced=False), "only a check or a foreign key can be not enforced"),
        (check("views > 0", enforced=False, not_valid=True), "not valid anyway: leave out not_valid"),
        (check("views > 0", storage={"fillfactor": "9"}), "has an index with storage parameters"),
        (foreign(on_delete_columns=["id"], on_delete="set null"), "id is none of its columns"),
        (foreign(on_delete_columns=["author"]), "is for set null and set default"),
        (unique("id", initially_deferred=True), "what is initially deferred is deferrable: say so"),
    ],
)
def test_check_refuses(deploy: Deploy, inputs: Inputs, message: str) -> None:
    keyed(deploy)
    with pytest.raises(Refused, match=message):
        deploy.constraint("k", **inputs)


def test_a_primary_key_of_nullable_columns_is_proved_beside_clients(deploy: Deploy) -> None:
    posts(deploy)
    fill(deploy)
    deploy.constraint("posts_pkey", kind="primary_key", columns=["id", "author"])
    proves, keys = (
        [at for at, one in enumerate(deploy.statements()) if said in one]
        for said in ("validate constraint", " primary key ")
    )
    assert len(proves) == len(keys) == 1
    assert proves < keys
    assert deploy.sql("select from pg_constraint where contype = 'c' and conrelid = 'posts'::regclass") == []
    made = deploy.snapshot()
    deploy.delete("Constraint", "posts_pkey")
    deploy.delete("Table", "posts")
    posts(deploy)
    deploy.constraint("posts_pkey", kind="primary_key", columns=["id", "author"])
    assert deploy.snapshot() == made
