"""What the database says about its objects, in PostgreSQL's own canonical words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, LiteralString, cast

if TYPE_CHECKING:
    from gatepost.postgres.connect import Connection

Definition = dict[str, Any]
KINDS = ("tables", "constraints", "indexes", "policies", "functions", "triggers", "views")


@dataclass(frozen=True)
class Key:
    """Where an object is: its kind, schema, name (a table's for what belongs to one) and own name."""

    kind: str
    schema: str
    name: str
    object: str = ""


@dataclass(frozen=True)
class Size:
    """A table's size as the server estimates it; `rows` may lag behind, `empty` does not."""

    rows: int = 0
    """At most 0 where nobody counted them yet."""
    bytes: int = 0
    empty: bool = True

    def __str__(self) -> str:
        counted = f"about {self.rows} rows" if self.rows > 0 else "rows that were not counted yet"
        return f"{counted}, {self.bytes} bytes"


@cache
def query(name: str) -> LiteralString:
    """Return the text of a named query of this package."""
    return files("gatepost.postgres").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


@contextmanager
def canonical_names(connection: Connection) -> Iterator[None]:
    """Read with an empty search path, so that every name comes back with its schema."""
    with connection.transaction():
        connection.execute("set local search_path = ''")
        yield


def read(connection: Connection, key: Key) -> Definition | None:
    """Return one object's definition, or None where there is no such object."""
    rows = _rows(connection, key.kind, key.schema, key.name)
    for row in rows:
        if _own_name(row) == key.object:
            return cast("Definition", row[-1])
    return None


def read_all(connection: Connection) -> dict[Key, Definition]:
    """Return every object's definition: one query a kind, whatever the number of objects."""
    found: dict[Key, Definition] = {}
    for kind in KINDS:
        for row in _rows(connection, kind, None, None):
            found[Key(kind, str(row[0]), str(row[1]), _own_name(row))] = cast("Definition", row[-1])
    return found


def _rows(
    connection: Connection, kind: str, schema: str | None, name: str | None, tries: int = 10
) -> list[tuple[object, ...]]:
    """Run a catalog query; one that met an object while somebody dropped it is run again."""
    from psycopg.errors import InternalError_, UndefinedTable

    try:
        with canonical_names(connection):
            return connection.execute(query(kind), {"schema": schema, "name": name}).fetchall()
    except (InternalError_, UndefinedTable):
        if tries == 1:
            raise
    return _rows(connection, kind, schema, name, tries - 1)


def _own_name(row: tuple[object, ...]) -> str:
    return str(row[2]) if len(row) == 4 else ""


@dataclass(frozen=True)
class Facts:
    """What a plan needs to know of the target; without a connection (no database yet) all is empty."""

    connection: Connection | None = None
    version: int = 180000

    def read(self, key: Key) -> Definition | None:
        """Return an object's definition on the target."""
        return read(self.connection, key) if self.connection else None

    def size(self, schema: str, table: str) -> Size:
        """Return a table's size; one that does not exist is empty."""
        if self.connection is None:
            return Size()
        found = self.connection.execute(query("size"), {"schema": schema, "name": table}).fetchone()
        if found is None:
            return Size()
        total, empty, rows = cast("tuple[int, bool, int]", found)
        return Size(rows=rows, bytes=total, empty=empty)

    def result_of(self, query: str) -> list[tuple[bytes | None, int, int]] | None:
        """Return name, type and modifier of each column of a query that is planned, not run.

        None where the server does not understand it (yet).
        """
        from psycopg.pq import ExecStatus

        if self.connection is None:
            return None
        server = self.connection.pgconn
        if server.prepare(b"", query.encode()).status != ExecStatus.COMMAND_OK:
            return None
        result = server.describe_prepared(b"")
        return [(result.fname(i), result.ftype(i), result.fmod(i)) for i in range(result.nfields)]

    def dependents(self, schema: str, table: str, column: str) -> list[str]:
        """Return the statements that make again what goes with a column when it is dropped."""
        if self.connection is None:
            return []
        given = {"schema": schema, "table": table, "column": column}
        with canonical_names(self.connection):
            rows = self.connection.execute(query("dependents"), given).fetchall()
        return [str(row[0]) for row in rows]

    def default_grantees(self, schema: str, object_type: str) -> list[str]:
        """Return who gets privileges on a new object (`r` table, `f` function) by default privileges."""
        if self.connection is None:
            return []
        rows = self.connection.execute(
            query("default_grantees"), {"schema": schema, "type": object_type}
        ).fetchall()
        return [str(row[0]) for row in rows]
