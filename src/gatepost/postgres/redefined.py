"""How PostgreSQL words objects since a deployment changed what they hang on: other words, and no drift."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gatepost.postgres import catalog
from gatepost.postgres.catalog import Definition, Key

if TYPE_CHECKING:
    from gatepost.postgres.connect import Connection

Definitions = Mapping[Key, Definition]
_EVERYWHERE = ("publications", "verbatim")
"""The kinds whose names say nothing of the object that they hang on."""
_ALL = {"schema": None, "names": None}


class Noting:
    """Remembers how PostgreSQL words what hangs on an object after a change of it, in that transaction."""

    def __init__(self, connection: Connection, own: Key) -> None:
        """Look at what hangs on `own`, whose own state the deployment writes, before the transaction."""
        self._connection = connection
        self._own = own
        self._names: defaultdict[str, set[str]] = defaultdict(set)
        given = {"schema": own.schema, "name": own.name}
        for schema, name in catalog.rows(connection, "hanging", given):
            self._names[str(schema)].add(str(name))
        self._role = connection.execute("select current_setting('role')").fetchone()
        self._before = self._read()

    def conclude(self) -> None:
        """Note what reads otherwise now; nothing but COMMIT may follow."""
        after = self._read()
        # a statement may have taken on a role that must not write here
        self._connection.execute("select set_config('role', %s, true)", self._role)
        _note(self._connection, self._before, after, self._own)

    def _read(self) -> dict[Key, Definition]:
        found: dict[Key, Definition] = {}
        for kind in catalog.KINDS:
            if kind in _EVERYWHERE:
                found |= catalog.definitions(kind, catalog.rows(self._connection, kind, _ALL))
                continue
            for schema, names in self._names.items():
                given = {"schema": schema, "names": sorted(names)}
                found |= catalog.definitions(kind, catalog.rows(self._connection, kind, given))
        return found


def _note(connection: Connection, before: Definitions, after: Definitions, own: Key) -> None:
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
