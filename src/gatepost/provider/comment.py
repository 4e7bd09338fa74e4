"""Comments on objects."""

from __future__ import annotations

from gatepost.postgres.plan import Lock, Statement
from gatepost.provider.sqltext import Part, literal, text


def changes(on: Part, name: str, old: str | None, new: str | None) -> list[Statement]:
    """Return the statement that turns one comment into the other, if there is a difference."""
    if (old or None) == (new or None):
        return []
    sql = text("comment on {on} is {comment}", on=on, comment=literal(new or None))
    return [Statement(sql, Lock.SHARE_UPDATE_EXCLUSIVE, name)]
