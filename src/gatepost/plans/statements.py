"""Running composed statements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, LiteralString

from gatepost.plans.shape import Rows
from gatepost.provider.sqltext import Part

if TYPE_CHECKING:
    import psycopg


def run(connection: Rows, template: LiteralString, **parts: Part) -> psycopg.Cursor[dict[str, Any]]:
    """Run the statement that the template and its parts make."""
    from psycopg import sql

    return connection.execute(sql.SQL(template).format(**parts))


def number(connection: Rows, template: LiteralString, **parts: Part) -> int:
    """Return the number that the statement selects as `number`."""
    row = run(connection, template, **parts).fetchone()
    return int(row["number"]) if row else 0
