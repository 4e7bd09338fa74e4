"""Acceptance by equivalence: a change must leave what building it directly makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from fix_provider import Deploy, Inputs, col

POSTS = [
    col("id", "integer", nullable=False),
    col("title", "text"),
    col("status", "text", nullable=False, default="'draft'"),
    col("views", "integer", nullable=False, default="0"),
    col("score", "numeric(10,2)"),
    col("author", "integer"),
    col("made_at", "timestamptz", nullable=False, default="now()"),
]
ROWS = 30


@dataclass(frozen=True)
class Change:
    """Two declarations of one object, and what must be there before it."""

    before: Inputs
    after: Inputs
    done: str = "update"
    setup: Callable[[Deploy], None] | None = None


def posts(deploy: Deploy) -> None:
    deploy.table("posts", columns=POSTS)


def fill(deploy: Deploy) -> None:
    deploy.sql(
        "insert into posts (id, title, author) select g, 'title ' || g, g from generate_series(1, 30) as g"
    )


def each(changes: dict[str, Change]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("change", list(changes.values()), ids=list(changes))


with_rows = pytest.mark.parametrize("rows", [False, True], ids=["empty", "rows"])


def prove(
    deploy: Deploy, apply: Callable[..., str], change: Change, delete: Callable[[], Any], rows: bool
) -> None:
    """There and back again: the catalog equals a direct build, rows survive, a second plan is empty."""
    if change.setup:
        change.setup(deploy)
    assert apply(**change.before) == "create"
    started = deploy.snapshot()
    if rows:
        fill(deploy)
    assert apply(**change.after) == change.done
    changed = deploy.snapshot()
    assert apply(**change.after) == "same"
    assert apply(**change.before) == change.done
    assert deploy.snapshot() == started
    assert deploy.sql("select count(*) from posts") == [(ROWS if rows else 0,)]
    delete()
    assert apply(**change.after) == "create"
    assert deploy.snapshot() == changed


def but(*changed: Inputs, without: tuple[str, ...] = ()) -> list[Inputs]:
    """The columns of `posts` with some changed, added or left out."""
    by_name = {one["name"]: one for one in POSTS} | {one["name"]: one for one in changed}
    return [one for name, one in by_name.items() if name not in without]
