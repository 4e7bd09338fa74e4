"""Changes that lose, let in or contradict something without an error: told, or refused, before they run."""

from __future__ import annotations

import psycopg
import pytest
from changes import POSTS, fill, posts
from fix_provider import Deploy, Inputs, col

from gatepost.errors import InvalidDeclaration, StatementFailed, StillUsed
from gatepost.resources import ColumnChange


@pytest.fixture
def filled(deploy: Deploy) -> Deploy:
    posts(deploy)
    fill(deploy)
    deploy.sql("update posts set title = 'long title ' || id, score = 1.55")
    return deploy


def but(*changed: Inputs, without: str = "") -> list[Inputs]:
    names = {one["name"] for one in changed} | {without}
    return [*(one for one in POSTS if one["name"] not in names), *changed]


ROUNDED = [
    ("numeric(10,2)", "numeric(10,1)", True),
    ("numeric(10,2)", "numeric(12,2)", False),
    ("numeric", "numeric(10,2)", True),
    ("numeric(10,2)", "integer", True),
    ("integer", "numeric(12,2)", False),
    ("double precision", "real", True),
    ("real", "double precision", False),
    ("bigint", "double precision", True),
    ("integer", "smallint", False),
    ("timestamptz", "date", True),
    ("timestamp", "time", True),
    ("timestamp", "timestamp(0)", True),
    ("timestamp(0)", "timestamptz", False),
    ("date", "timestamptz", False),
    ("text", "name", True),
]


def test_values_that_would_be_rounded(deploy: Deploy) -> None:
    """A cast that rounds or cuts off is as good as a deletion; one that refuses is none."""
    for old, new, loses in ROUNDED:
        name = f"t{ROUNDED.index((old, new, loses))}"
        deploy.table(name, columns=[col("a", old)])
        deploy.sql(f"insert into {name} values (null)".encode())  # type: ignore[arg-type]
        deploy.table(name, columns=[col("a", new)])
        assert (old, new, f"DELETES_DATA:public.{name}.a" in deploy.risks()) == (old, new, loses)


@pytest.mark.parametrize("how", [{}, {"change": ColumnChange()}], ids=["in place", "beside clients"])
def test_text_that_is_too_long_is_never_cut_off(filled: Deploy, how: Inputs) -> None:
    filled.constraint("posts_pkey", kind="primary_key", columns=["id"])
    with pytest.raises(StatementFailed, match="value too long"):
        filled.table(columns=but(col("title", "varchar(5)", **how)))
    assert filled.sql("select count(*) from posts where title like 'long title %'") == [(30,)]
    filled.sql("update posts set title = left(title, 5)")
    filled.table(columns=but(col("title", "varchar(5)", **how)))
    assert not [one for one in filled.risks() if one.startswith("DELETES_DATA")]


def test_a_function_whose_results_are_kept(filled: Deploy) -> None:
    """PostgreSQL believes that it is immutable: the index and the column go on saying what it said."""
    made = "create function double(int) returns int immutable language sql as 'select $1 * {}'"
    for given in ({"sql": made.format(2)}, {"sql": made.format(2) + " parallel safe"}):
        filled.function("double", **given)
    filled.table(columns=[*POSTS, col("twice", "int", generated="public.double(author)")])
    filled.index("i", columns=["public.double(author)"])
    filled.constraint("c", kind="check", expression="public.double(author) < 100")
    filled.function("double", sql=made.format(3))
    assert filled.risks() == ["OUTDATES_VALUES:public.double(int4)"]
    told = str(filled.plans[-1][2].risks)
    assert all(one in told for one in ("column twice on public.posts", "constraint c on", "index i on"))
    assert filled.sql("select min(twice), min(public.double(author)) from posts") == [(2, 3)]


UNIQUE: Inputs = {"kind": "unique", "columns": ["id"]}
WEAKER: list[tuple[str, Inputs, Inputs, bool]] = [
    ("Constraint", {"kind": "check", "expression": "id > 0 and views >= 0"}, {"expression": "id > 0"}, True),
    ("Constraint", {"kind": "check", "expression": "id > 0"}, {"expression": "0 < id or true"}, True),
    ("Constraint", {"kind": "check", "expression": "id > 0"}, {"expression": "views >= 0 and id > 0"}, False),
    ("Constraint", UNIQUE, {"columns": ["id", "author"]}, True),
    ("Constraint", {**UNIQUE, "columns": ["id", "author"]}, {"columns": ["id"]}, False),
    ("Constraint", {**UNIQUE, "nullsNotDistinct": True}, {"nullsNotDistinct": False}, True),
    ("Index", {"columns": ["id"], "unique": True}, {"unique": False}, True),
    ("Index", {"columns": ["id"], "unique": True}, {"columns": ["id", "views"]}, True),
    ("Index", {"columns": ["id"], "unique": True}, {"where": "author > 3"}, True),
    ("Index", {"columns": ["id"], "unique": True, "where": "author > 3"}, {"where": None}, False),
]  # fmt: skip


def test_what_keeps_out_less(filled: Deploy) -> None:
    """To weaken a constraint is to drop it for some rows."""
    for number, (kind, before, changed, weaker) in enumerate(WEAKER):
        name = f"k{number}"
        given = {"schema": "public", "table": "posts", "name": name, **before}
        filled.deploy(kind, name, given)
        filled.deploy(
            kind, name, {one: value for one, value in {**given, **changed}.items() if value is not None}
        )
        found = f"BREAKS_CLIENTS:public.posts.{name}" in filled.risks()
        assert (before, changed, found) == (before, changed, weaker)
        filled.delete(kind, name)
    filled.index("u", columns=["id"], unique=True)
    filled.delete("Index", "u")
    assert filled.risks() == ["BREAKS_CLIENTS:public.posts.u", "INDEX_DROPPED:public.posts.u"]


def test_constraints_that_go_with_one_of_their_columns(filled: Deploy) -> None:
    filled.constraint("pair", kind="unique", columns=["id", "author"])
    filled.constraint("both", kind="check", expression="author > 0 and id > 0")
    filled.index("listed", columns=["author", "views"])
    filled.index("own", columns=["author"])
    filled.table(columns=but(without="author"))
    assert filled.risks() == [
        "BREAKS_CLIENTS:public.posts.author",
        "BREAKS_CLIENTS:public.posts.both",
        "BREAKS_CLIENTS:public.posts.pair",
        "DELETES_DATA:public.posts.author",
        "INDEX_DROPPED:public.posts.listed",
    ]


def test_a_trigger_that_fires_for_less(filled: Deploy) -> None:
    for name in ("touch", "other"):
        body = f"create function {name}() returns trigger language plpgsql as 'begin return new; end'"
        filled.function(name, sql=body)
    given = {"function": "public.touch", "events": ["insert", "update"]}
    for changed, less in (
        ({"events": ["INSERT"]}, True),
        ({"events": ["update", "insert", "delete"]}, False),
        ({"events": ["insert", "update of title"]}, True),
        ({"when": "new.id > 3"}, True),
        ({"function": "public.other"}, True),
        ({"timing": "after"}, True),
    ):
        filled.trigger("t", **given)
        filled.trigger("t", **{**given, **changed})
        assert (changed, filled.risks()) == (changed, ["CHANGES_ACCESS:public.posts.t"] if less else [])
        filled.delete("Trigger", "t")
    filled.trigger("t", **{**given, "events": ['update of "title"']})
    filled.trigger("t", **{**given, "events": ["insert", "Update  of author, title"]})
    assert filled.risks() == []
    filled.trigger("t", **{**given, "events": ["insert", "update of title, views"]})
    assert filled.risks() == ["CHANGES_ACCESS:public.posts.t"]


def test_a_key_that_others_refer_to_is_refused_before_anything_is_built(filled: Deploy) -> None:
    filled.constraint("posts_pkey", kind="primary_key", columns=["id"])
    filled.table("comments", columns=[col("post", "int")])
    there = {"schema": "public", "table": "posts", "columns": ["id"]}
    filled.constraint("fk", table="comments", kind="foreign_key", columns=["post"], references=there)
    before = len(filled.sql("select from gatepost.ledger"))
    for changed in ({"columns": ["id", "status"]}, {"deferrable": True}):
        with pytest.raises(StillUsed, match="referred to by foreign key fk on comments"):
            filled.constraint("posts_pkey", **{"kind": "primary_key", "columns": ["id"], **changed})
    assert len(filled.sql("select from gatepost.ledger")) == before


def test_a_column_by_which_rows_are_divided_keeps_its_type(deploy: Deploy) -> None:
    parts = {"partition_by": "range (id)", "partitions": [{"name": "p", "bounds": "from (0) to (9)"}]}
    deploy.table(columns=POSTS, **parts)
    with pytest.raises(InvalidDeclaration, match='divided by column "id", whose type cannot change'):
        deploy.table(columns=but(col("id", "bigint", nullable=False)), **parts)
    with pytest.raises(psycopg.errors.InvalidTableDefinition):
        deploy.sql("alter table posts alter column id type bigint")
