"""Comments on objects."""

from __future__ import annotations

from collections.abc import Mapping

from gatepost.postgres.plan import Lock, Statement
from gatepost.provider.sqltext import Part, ident, literal, part, text


def changes(on: Part, name: str, old: str | None, new: str | None) -> list[Statement]:
    """Return the statement that turns one comment into the other, if there is a difference."""
    if (old or None) == (new or None):
        return []
    sql = text("comment on {on} is {comment}", on=on, comment=literal(new or None))
    return [Statement(sql, Lock.SHARE_UPDATE_EXCLUSIVE, name)]


def of_columns(target: Part, name: str, old: Mapping[str, str], new: Mapping[str, str]) -> list[Statement]:
    """Return the statements that turn the comments on a view's columns into others."""
    return [
        statement
        for column in sorted(old.keys() | new.keys())
        for statement in changes(
            part("column {v}.{c}", v=target, c=ident(column)), name, old.get(column), new.get(column)
        )
    ]
