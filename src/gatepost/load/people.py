"""Whom the users of a load test play."""

from __future__ import annotations

import random
from typing import Any, LiteralString

from gatepost.session import Database, Identity

_KNOWN: dict[tuple[str, str], list[Any]] = {}


def everybody(database: Database, statement: LiteralString) -> list[Any]:
    """Return the first column of a statement's rows, as a service sees them; asked once a process.

    :raises ValueError: there is no row.
    """
    key = (database.url, statement)
    if key not in _KNOWN:
        rows = database.rows(Identity.service(), statement)
        _KNOWN[key] = [next(iter(row.values())) for row in rows]
    if not _KNOWN[key]:
        raise ValueError(f"the load test finds nobody to play: no row of {statement!r}")
    return _KNOWN[key]


def somebody(database: Database, statement: LiteralString) -> Any:
    """Return one of them, by chance."""
    return random.choice(everybody(database, statement))  # noqa: S311 - only who plays
