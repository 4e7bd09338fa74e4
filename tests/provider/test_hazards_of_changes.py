"""Changes that lock, rewrite, lose, widen or break: each is named where there are rows, and only there."""

from __future__ import annotations

from typing import Any

import pytest
from changes import POSTS, but, fill
from fix_provider import EVERYTHING, Deploy, Inputs, col

Resource = tuple[str, str, Inputs, Inputs | None]
"""Kind, name, what is declared before, and after; None where it goes."""


def posts(before: list[Inputs], after: list[Inputs], **given: Any) -> list[Resource]:
    table = {"schema": "public", "name": "posts", **given}
    return [("Table", "posts", {**table, "columns": before}, {**table, "columns": after})]


def on_posts(kind: str, name: str, before: Inputs, **after: Any) -> Resource:
    given = {"schema": "public", "table": "posts", "name": name, **before}
    return kind, name, given, {**given, **after}


def domain(before: Inputs, after: Inputs) -> Resource:
    given = {"schema": "public", "name": "word", "kind": "domain", "type": "text"}
    return "Type", "word", {**given, **before}, {**given, **after}


def published(before: Inputs, **after: Any) -> list[Resource]:
    key = on_posts("Constraint", "posts_pkey", {"kind": "primary_key", "columns": ["id"]})
    given = {"name": "feed", "tables": [{"schema": "public", "table": "posts"}], **before}
    return [*AS_IT_IS, key, ("Publication", "feed", given, {**given, **after})]


AS_IT_IS = posts(POSTS, POSTS)
WORDS = posts(but(col("title", "public.word")), but(col("title", "public.word")))
IDENTITY = col("n", "int", identity="by default", nullable=False)
SHORT: Inputs = {"checks": {"short": "length(value) < 99"}}
LONGER: Inputs = {"checks": {"short": "length(value) < 999"}}
UNIQUE: Inputs = {"kind": "unique", "columns": ["id"]}
TO_ITSELF: Inputs = {
    "kind": "foreign_key",
    "columns": ["author"],
    "references": {"schema": "public", "table": "posts", "columns": ["id"]},
}
FUNCTION = "create function public.f() returns int language sql {} as 'select 1'"
VIEW = "create view public.v with (security_invoker = true{}) as select id from public.posts where id > 0{}"
RULE = "create rule r as on delete to public.posts do instead {}"
ALL = [{"schema": "public", "table": "posts"}]
FEW = [{"schema": "public", "table": "posts", "where": "id > 5"}]
CHANGES: dict[str, tuple[list[Resource], list[str]]] = {
    "a default that goes": (
        posts(POSTS, but(col("views", "integer", nullable=False))),
        ["BREAKS_CLIENTS:public.posts.views"],
    ),
    "an identity that goes": (
        posts(but(IDENTITY), but({**IDENTITY, "identity": None})),
        ["BREAKS_CLIENTS:public.posts.n"],
    ),
    "an identity that is always its own": (
        posts(but(IDENTITY), but({**IDENTITY, "identity": "always"})),
        ["BREAKS_CLIENTS:public.posts.n"],
    ),
    "a column of a domain with a check": (
        [domain(SHORT, SHORT), *posts(POSTS, but(col("n", "public.word", default="'x'")))],
        ["REWRITES_TABLE:public.posts.n"],
    ),
    "a column of a domain that gets a check": (
        [domain({}, SHORT), *posts(POSTS, but(col("n", "public.word")))],
        ["REWRITES_TABLE:public.posts.n"],
    ),
    "a column of a domain without": ([domain({}, {}), *posts(POSTS, but(col("n", "public.word")))], []),
    "a check of a domain": ([domain({}, SHORT), *WORDS], ["BLOCKS_WRITES:public.posts"]),
    "a check of a domain that goes": ([domain(SHORT, {}), *WORDS], ["BREAKS_CLIENTS:public.posts"]),
    "a check of a domain that is weaker": (
        [domain(SHORT, LONGER), *WORDS],
        ["BLOCKS_WRITES:public.posts", "BREAKS_CLIENTS:public.posts"],
    ),
    "a domain that takes null": (
        [domain({"nullable": False}, {}), *WORDS],
        ["BREAKS_CLIENTS:public.posts"],
    ),
    "a not null that goes": (
        posts(POSTS, but(col("status", default="'draft'"))),
        [],
    ),
    "a column that is retired": (
        posts(POSTS, but(col("status", nullable=False, default="'draft'", retired=True))),
        [],
    ),
    "an expression that is another": (
        posts([*POSTS, col("g", "int", generated="id")], [*POSTS, col("g", "int", generated="id + 1")]),
        ["REWRITES_TABLE:public.posts.g"],
    ),
    "an identity that counts otherwise": (
        posts(but(IDENTITY), but({**IDENTITY, "identityOptions": {"increment": 5, "maxvalue": 900}})),
        ["BREAKS_CLIENTS:public.posts.n"],
    ),
    "an identity without bounds": (
        posts(but({**IDENTITY, "identityOptions": {"maxvalue": 900}}), but(IDENTITY)),
        [],
    ),
    "an identity of a column": (
        posts(POSTS, but(col("id", "integer", identity="by default", nullable=False))),
        ["BLOCKS_READS:public.posts.id"],
    ),
    "an identity of a column that is a key": (
        [
            *posts(POSTS, but(col("id", "integer", identity="by default", nullable=False)))[:1],
            on_posts("Constraint", "u", UNIQUE),
        ],
        [],
    ),
    "a key that is deferrable": (
        [*AS_IT_IS, on_posts("Constraint", "u", UNIQUE, deferrable=True)],
        ["BREAKS_CLIENTS:public.posts.u"],
    ),
    "a foreign key that deletes": (
        [
            *AS_IT_IS,
            on_posts("Constraint", "u", UNIQUE),
            on_posts("Constraint", "fk", TO_ITSELF, onDelete="cascade"),
        ],
        ["BREAKS_CLIENTS:public.posts.fk"],
    ),
    "a foreign key that deletes no longer": (
        [
            *AS_IT_IS,
            on_posts("Constraint", "u", UNIQUE),
            on_posts("Constraint", "fk", {**TO_ITSELF, "onDelete": "cascade"}, onDelete="restrict"),
        ],
        ["BREAKS_CLIENTS:public.posts.fk"],
    ),
    "a foreign key that follows a new key": (
        [
            *AS_IT_IS,
            on_posts("Constraint", "u", UNIQUE),
            on_posts("Constraint", "fk", TO_ITSELF, onUpdate="cascade"),
        ],
        ["BREAKS_CLIENTS:public.posts.fk"],
    ),
    "a table that is published too": (
        published({"tables": []}, tables=ALL),
        ["WIDENS_ACCESS:feed"],
    ),
    "rows that are published too": (
        published({"tables": FEW}, tables=ALL),
        ["WIDENS_ACCESS:feed"],
    ),
    "updates that are published too": (
        published({"publish": ["insert"]}, publish=["insert", "update"]),
        ["WIDENS_ACCESS:feed"],
    ),
    "a privilege that may be handed on": (
        [
            (
                "Table",
                "posts",
                {**AS_IT_IS[0][2], "privileges": {"gp_reader": ["select"]}},
                {**AS_IT_IS[0][2], "privileges": {"gp_reader": ["select with grant option"]}},
            )
        ],
        ["WIDENS_ACCESS:public.posts"],
    ),
}
OF_NO_TABLE: dict[str, tuple[list[Resource], list[str]]] = {
    "a view without its check option": (
        [
            *AS_IT_IS,
            ("View", "v", {"sql": VIEW.format("", " with check option")}, {"sql": VIEW.format("", "")}),
        ],
        ["WIDENS_ACCESS:public.v"],
    ),
    "a view with a weaker check option": (
        [
            *AS_IT_IS,
            (
                "View",
                "v",
                {"sql": VIEW.format("", " with check option")},
                {"sql": VIEW.format(", check_option = local", "")},
            ),
        ],
        ["WIDENS_ACCESS:public.v"],
    ),
    "a type that goes": (
        [
            (
                "Type",
                "mood",
                {
                    "schema": "public",
                    "name": "mood",
                    "kind": "enum",
                    "values": ["a"],
                    "privileges": {"gp_reader": ["usage"]},
                },
                None,
            )
        ],
        ["BREAKS_CLIENTS:public.mood"],
    ),
    "a rule that is another": (
        [
            *AS_IT_IS,
            (
                "Verbatim",
                "r",
                {"creates": "rule r on public.posts", "sql": RULE.format("nothing")},
                {"creates": "rule r on public.posts", "sql": RULE.format("select 1")},
            ),
        ],
        ["BREAKS_CLIENTS:rule r on public.posts", "CHANGES_ACCESS:public.posts"],
    ),
    "a function that goes": (
        [("Function", "f", {"sql": FUNCTION.format(""), "privileges": {"gp_reader": ["execute"]}}, None)],
        ["BREAKS_CLIENTS:public.f()"],
    ),
}


def change(deploy: Deploy, resources: list[Resource], rows: bool) -> list[str]:
    with deploy.together(approve=EVERYTHING):
        for kind, name, before, _ in resources:
            deploy.deploy(kind, name, before)
    if rows:
        fill(deploy)
    found: list[str] = []
    with deploy.together():
        deploy.check("Sequence", "other", {"schema": "public", "name": "other"})  # this is no `destroy`
        for kind, name, before, after in resources:
            if after is None:
                deploy.delete(kind, name)
            elif after != before:
                deploy.deploy(kind, name, {key: value for key, value in after.items() if value is not None})
            if after != before:
                found += deploy.risks()
    return found


@pytest.mark.parametrize("rows", [False, True], ids=["empty", "rows"])
@pytest.mark.parametrize("change_", CHANGES.values(), ids=CHANGES)
def test_of_a_table(deploy: Deploy, change_: tuple[list[Resource], list[str]], rows: bool) -> None:
    resources, risks = change_
    assert change(deploy, resources, rows) == (risks if rows else [])
    for one in deploy.plans[-1][2].risks:
        assert one.rows is not None
        assert one.bytes


@pytest.mark.parametrize("change_", OF_NO_TABLE.values(), ids=OF_NO_TABLE)
def test_of_something_else(deploy: Deploy, change_: tuple[list[Resource], list[str]]) -> None:
    resources, risks = change_
    assert change(deploy, resources, rows="Table" in str(resources)) == risks
