"""A column is renamed and nothing else: what follows it is neither built again nor told as a change."""

from __future__ import annotations

from typing import Any

import pytest
from changes import POSTS, fill
from fix_provider import Deploy, Inputs, col

TITLE, HEADLINE = "title", 'Head "line"'
SPELLED = '"Head ""line"""'
POSTS_OWN = {"schema": "public", "table": "posts"}
MEMBERS = [col("title", nullable=False), col("author", "int", nullable=False)]


def columns(name: str, **given: Any) -> list[Inputs]:
    generated = SPELLED if name == HEADLINE else name
    return [
        *(one for one in POSTS if one["name"] != TITLE),
        col(name, **given),
        col("short", generated=f"lower( {generated})"),
    ]


def everything(name: str) -> list[tuple[str, str, Inputs]]:
    """What uses the column, in the words of one name or the other."""
    n = SPELLED if name == HEADLINE else name
    made = f"create {{}}view {{}} as select id, {n} as title from public.posts where {n} <> 'x'"
    inner = f"{n} in (select title from public.members where members.author = posts.author)"
    of_posts: list[tuple[str, str, Inputs]] = [
        ("Policy", "own", {"command": "select", "roles": ["gp_reader"], "using": f"{n} = 'a'"}),
        (
            "Policy",
            "inner",
            {"command": "update", "roles": ["gp_reader"], "using": inner, "check": f"posts.{n} > ''"},
        ),
        ("Index", "plain", {"columns": ["id", f"{n} desc"], "include": ["author"]}),
        ("Index", "expression", {"columns": [f"lower({n})"], "where": f"{n} is not null"}),
        ("Constraint", "filled", {"kind": "check", "expression": f"length({n}) > 0"}),
        ("Constraint", "once", {"kind": "unique", "columns": ["id", name]}),
        ("Constraint", "known", {"kind": "unique", "columns": [name]}),
        (
            "Trigger",
            "touched",
            {"function": "public.touch", "events": ["insert", f"update of {n}"], "when": f"new.{n} <> ''"},
        ),
    ]
    published = {"schema": "public", "table": "posts", "columns": ["id", name], "where": f"{n} <> ''"}
    referring = {
        "schema": "public",
        "table": "members",
        "name": "title",
        "kind": "foreign_key",
        "columns": ["title"],
    }
    return [
        *((kind, own, {**POSTS_OWN, "name": own, **given}) for kind, own, given in of_posts),
        ("Constraint", "fk", {**referring, "references": {**POSTS_OWN, "columns": [name]}}),
        ("View", "v", {"sql": made.format("", "v"), "privileges": {"gp_reader": ["select"]}}),
        ("MaterializedView", "m", {"sql": made.format("materialized ", "m")}),
        ("Publication", "p", {"name": "p", "tables": [published], "publish": ["insert"]}),
    ]  # fmt: skip


@pytest.fixture
def built(deploy: Deploy) -> Deploy:
    deploy.table("members", columns=MEMBERS)
    deploy.table("posts", columns=columns(TITLE), row_security="enabled")
    deploy.function(
        "touch", sql="create function touch() returns trigger language plpgsql as 'begin return new; end'"
    )
    for kind, name, given in everything(TITLE):
        deploy.deploy(kind, name, given)
    fill(deploy)
    return deploy


def files(deploy: Deploy) -> Any:
    return deploy.sql(
        "select oid, relfilenode from pg_class where relnamespace = 'public'::regnamespace order by oid"
    )


def test_everything_follows_and_nothing_is_built(built: Deploy) -> None:
    before, started = files(built), built.snapshot()
    for name, former in ((HEADLINE, TITLE), (TITLE, HEADLINE)):
        with built.together(approve="BREAKS_CLIENTS"):
            built.table("posts", columns=columns(name, renamed_from=former), row_security="enabled")
            assert built.risks() == [f"BREAKS_CLIENTS:public.posts.{former}"]
            for kind, own, given in everything(name):
                assert (own, built.deploy(kind, own, given)) == (own, "update")
                assert (own, built.statements(), built.risks()) == (own, [], [])
        assert files(built) == before
        assert built.deploy(*everything(name)[0]) == "same"
        assert built.refresh("View", "v") == "same"
    assert built.snapshot() == started


def test_foreign_keys_follow_a_renamed_table(built: Deploy) -> None:
    """The table referred to, the table that has the key, and a column of each get other names at once."""
    (key,) = (given for _, name, given in everything(TITLE) if name == "fk")
    built.sql("insert into members select title, 1 from posts")
    before, started = files(built), built.snapshot()
    there = {"schema": "public", "table": "posts", "columns": [TITLE]}

    def deploy(to: str, by: str, former: str | None = None, **other: Any) -> None:
        with built.together(approve="BREAKS_CLIENTS"):
            renamed = columns(HEADLINE if former == TITLE else TITLE, renamed_from=former)
            built.deploy("Table", "posts", {**POSTS_OWN, "name": to, "columns": renamed, **secured})
            built.deploy("Table", "members", {"schema": "public", "name": by, "columns": MEMBERS})
            built.deploy(
                "Constraint", "fk", {**key, "table": by, "references": {**there, "table": to, **other}}
            )

    secured = {"rowSecurity": "enabled", "table": None}
    deploy("articles", "members")
    assert (built.statements(), built.risks()) == ([], [])
    assert built.refresh("Constraint", "fk") == "same"
    deploy("papers", "people", TITLE, columns=[HEADLINE])
    assert (built.statements(), built.risks()) == ([], [])
    deploy("posts", "members", HEADLINE)
    assert (built.statements(), built.risks()) == ([], [])
    assert (files(built), built.snapshot()) == (before, started)


def test_a_foreign_key_to_another_table_is_made_again(built: Deploy) -> None:
    (key,) = (given for _, name, given in everything(TITLE) if name == "fk")
    built.table("others", columns=[col("title", nullable=False)])
    built.deploy(
        "Constraint",
        "k",
        {**POSTS_OWN, "name": "k", "table": "others", "kind": "primary_key", "columns": ["title"]},
    )
    built.sql("insert into members select title, 1 from posts; insert into others select title from posts")
    with built.together(approve="BREAKS_CLIENTS"):
        built.deploy("Constraint", "fk", {**key, "references": {**key["references"], "table": "others"}})
        assert any("validate" in one for one in built.statements())
        assert built.risks() == ["BREAKS_CLIENTS:public.members.title"]


def test_what_changes_besides_is_changed(built: Deploy) -> None:
    with built.together():
        built.table("posts", columns=columns("headline", renamed_from="title"), row_security="enabled")
        wanted = {one[1]: (one[0], one[2]) for one in everything("headline")}

        def told(name: str, **other: Any) -> list[str]:
            kind, given = wanted[name]
            built.deploy(kind, name, {**given, **other})
            return built.risks()

        assert told("own", using="headline = 'a' or author = 1") == ["WIDENS_ACCESS:public.posts.own"]
        swapped = "headline in (select title from public.members where members.title = posts.headline)"
        assert "WIDENS_ACCESS:public.posts.inner" in told("inner", using=swapped)
        told("plain", columns=["id", "headline"])
        assert any("concurrently" in one for one in built.statements())
        told("filled", expression="length(headline) > 1")
        assert any("validate" in one for one in built.statements())
        view = wanted["v"][1]["sql"]
        assert told("v", sql=view.replace("as title", "")) == ["BREAKS_CLIENTS:public.v"]
        assert told("m", sql=f"{view.replace('view v', 'materialized view m')} or id = 1") == [
            "WIDENS_ACCESS:public.m"
        ]


def test_a_name_that_means_another_column_is_no_renaming(built: Deploy) -> None:
    """The subquery's own `title` stays, and became another column of the same name: that is told."""
    with built.together():
        built.table("members", columns=[*MEMBERS, col("headline")])
        built.table("posts", columns=columns("headline", renamed_from="title"), row_security="enabled")
        kind, name, given = everything("headline")[1]
        inner = given["using"].replace("select title", "select members.headline")
        built.deploy(kind, name, {**given, "using": inner})
        assert "WIDENS_ACCESS:public.posts.inner" in built.risks()


def test_column_by_which_rows_are_divided(deploy: Deploy) -> None:
    parts = [{"name": "low", "bounds": "from (minvalue) to (100)"}]

    def table(key: str, **given: Any) -> None:
        rest = POSTS[1:]
        columns = [col(key, "integer", nullable=False, **given), *rest]
        deploy.table("posts", columns=columns, partition_by=f"range ({key})", partitions=parts)

    table("id")
    fill(deploy)
    table("number", renamed_from="id")
    first, *names = deploy.statements()
    assert first == 'alter table "public"."posts" rename column "id" to "number"'
    assert all(" rename constraint " in one and "_not_null" in one for one in names)
    assert deploy.sql("select count(number) from posts") == [(30,)]


def test_what_somebody_changed_by_hand_is_mended_all_the_same(built: Deploy) -> None:
    """What drift made of a declaration is no SQL, and follows nothing."""
    built.sql("drop index expression; create index expression on posts (lower(title), id)")
    built.sql(
        "alter table posts drop constraint filled; alter table posts add constraint filled check (id > 0)"
    )
    assert [built.refresh(*one) for one in (("Index", "expression"), ("Constraint", "filled"))] == [
        "drift"
    ] * 2
    with built.together():
        built.table("posts", columns=columns("headline", renamed_from="title"), row_security="enabled")
        for kind, name, given in everything("headline"):
            if name in ("expression", "filled"):
                built.deploy(kind, name, given)
                assert built.statements()
