"""How PostgreSQL words objects since a deployment changed what they hang on: other words, and no drift."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gatepost.postgres.catalog import Definition, Key

if TYPE_CHECKING:
    from gatepost.postgres.connect import Connection

Definitions = Mapping[Key, Definition]


def note(connection: Connection, before: Definitions, after: Definitions, own: Key | None) -> None:
    """Remember each object's new definition but for `own`, whose state the deployment writes itself."""
    from psycopg.types.json import Jsonb

    rows = [
        (key.kind, key.schema, key.name, key.object, Jsonb(definition))
        for key, definition in after.items()
        if key != own and key in before and before[key] != definition
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into gatepost.redefined (kind, schema, name, object, definition)"
            " values (%s, %s, %s, %s, %s)"
            " on conflict (kind, schema, name, object) do update set definition = excluded.definition",
            rows,
        )


def known(connection: Connection) -> dict[Key, Definition]:
    """Return every definition that was remembered; nothing where nothing was deployed yet."""
    found = connection.execute("select to_regclass('gatepost.redefined') is not null").fetchone()
    if found != (True,):
        return {}
    rows = connection.execute(
        "select kind, schema, name, object, definition from gatepost.redefined"
    ).fetchall()
    return {Key(*map(str, row[:4])): row[4] for row in rows}  # type: ignore[misc]
