"""What the database says about its objects, in PostgreSQL's own canonical words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, LiteralString, cast

from gatepost.postgres.connect import taken_back
from gatepost.postgres.planned import Planned

if TYPE_CHECKING:
    from gatepost.postgres.connect import Connection

Definition = dict[str, Any]
KINDS = (
    "tables",
    "constraints",
    "indexes",
    "policies",
    "functions",
    "triggers",
    "views",
    "materialized_views",
    "types",
    "sequences",
    "publications",
    "verbatim",
)
PROPERTIES = (
    "clustering of ", "comment on ", "compression of ", "default of ", "not null of ", "options of ",
    "privileges of ", "replica identity of ", "statistics of ", "storage of ",
)  # fmt: skip
"""How a property is called that a statement of its own sets: `statistics of column public.notes.body`."""


@dataclass(frozen=True)
class Key:
    """Where an object is: its kind, schema, name (a table's for what belongs to one) and own name."""

    kind: str
    schema: str
    name: str
    object: str = ""

    @property
    def is_property(self) -> bool:
        """Whether it is a property of another object that no class has an argument for."""
        return self.kind == "verbatim" and self.name.startswith(PROPERTIES)


@dataclass(frozen=True)
class Size:
    """A table's size as the server estimates it; `rows` may lag behind, `empty` does not."""

    rows: int = 0
    """At most 0 where nobody counted them yet."""
    bytes: int = 0
    empty: bool = True
    partitioned: bool = False

    def __str__(self) -> str:
        counted = f"about {self.rows} rows" if self.rows > 0 else "rows that were not counted yet"
        return f"{counted}, {self.bytes} bytes"


_PATIENCE = "15s"
"""So long a read of the catalog waits for a lock, as the definition of a view takes one."""
_PART = re.compile(r"^ *-- part: (\w+)$", re.MULTILINE)


@cache
def query(name: str) -> LiteralString:
    """Return the text of a named query of this package, with the parts that it shares with others."""
    folder = files("gatepost.postgres").joinpath("sql")
    text = folder.joinpath(f"{name}.sql").read_text(encoding="utf-8")
    return _PART.sub(lambda found: folder.joinpath("parts", f"{found[1]}.sql").read_text("utf-8"), text)


@contextmanager
def canonical_names(connection: Connection) -> Iterator[None]:
    """Read so that every name comes back with its schema, and every time as UTC has it.

    Where this is part of a transaction, the settings end with the block.
    """
    with taken_back(connection):
        connection.execute(
            "select set_config('search_path', '', true), set_config('timezone', 'UTC', true),"
            " set_config('datestyle', 'ISO', true), set_config('intervalstyle', 'postgres', true),"
            " set_config('lock_timeout', %s, true)",
            [_PATIENCE],
        )
        yield


def read(connection: Connection, key: Key) -> Definition | None:
    """Return one object's definition, or None where there is no such object."""
    rows = _rows(connection, key.kind, key.schema, [key.name])
    for row in rows:
        if _own_name(row) == key.object:
            return cast("Definition", row[-1])
    return None


def read_all(connection: Connection) -> dict[Key, Definition]:
    """Return every object's definition: one query a kind, whatever the number of objects."""
    found: dict[Key, Definition] = {}
    for kind in KINDS:
        found.update(definitions(kind, _rows(connection, kind, None, None)))
    return found


def not_made(key: Key) -> str:
    """Return what to say of statements after which the object is not there."""
    return (
        f"the statements do not make {key.name}, and nothing of them was kept: correct one of them"
        " (types are called as PostgreSQL calls them: integer, not int)"
    )


def definitions(kind: str, rows: Iterable[tuple[object, ...]]) -> Iterator[tuple[Key, Definition]]:
    """Yield the objects that the rows of a kind's query describe."""
    for row in rows:
        yield Key(kind, str(row[0]), str(row[1]), _own_name(row)), cast("Definition", row[-1])


def _rows(
    connection: Connection, kind: str, schema: str | None, names: list[str] | None
) -> list[tuple[object, ...]]:
    return rows(connection, kind, {"schema": schema, "names": names})


def rows(
    connection: Connection, name: str, given: Mapping[str, object], tries: int = 10
) -> list[tuple[object, ...]]:
    """Run a catalog query; one that met an object while somebody dropped it is run again."""
    from psycopg.errors import InternalError_, UndefinedTable

    try:
        with canonical_names(connection):
            return connection.execute(query(name), given).fetchall()
    except (InternalError_, UndefinedTable):
        if tries == 1:
            raise
    return rows(connection, name, given, tries - 1)


def _own_name(row: tuple[object, ...]) -> str:
    return str(row[2]) if len(row) == 4 else ""


@dataclass(frozen=True)
class Facts:
    """What a plan needs to know of the target; without a connection (no database yet) all is empty."""

    connection: Connection | None = None
    version: int = 180000
    planned: Planned = field(default_factory=Planned)
    """What plans before this one have changed already, though the target does not show it yet."""
    renamed: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    """The declared names of columns by their former ones, of each table that has such."""
    declared: Callable[[Key], str | None] = lambda _: None
    """The statement that makes an object as the program declares it."""

    def read(self, key: Key) -> Definition | None:
        """Return an object's definition on the target."""
        place = self.planned.present(key)
        return read(self.connection, place) if self.connection and place else None

    def size(self, schema: str, table: str) -> Size:
        """Return a table's size; one that does not exist is empty."""
        place = self.planned.present(Key("tables", schema, table))
        if self.connection is None or place is None:
            return Size()
        given = {"schema": place.schema, "name": place.name}
        found = self.connection.execute(query("size"), given).fetchone()
        if found is None:
            return Size()
        total, empty, rows, partitioned = cast("tuple[int, bool, int, bool]", found)
        return Size(rows=rows, bytes=total, empty=empty, partitioned=partitioned)

    def exposed(self, schema: str, table: str) -> Size:
        """Return the size as far as it matters who sees the rows: those of a new table nobody saw before."""
        made = Key("tables", schema, table) in self.planned.made
        return Size() if made else self.size(schema, table)

    def has_row_security(self, schema: str, table: str) -> bool:
        """Return whether policies hold on a table, and did before this deployment."""
        key = Key("tables", schema, table)
        place = self.planned.present(key)
        if self.connection is None or place is None or key in self.planned.secured:
            return False
        given = {"schema": place.schema, "name": place.name}
        return self.connection.execute(query("row_security"), given).fetchone() == (True,)

    def has_policies(self, schema: str, table: str) -> bool:
        """Return whether a table has a policy."""
        place = self.planned.present(Key("tables", schema, table))
        if self.connection is None or place is None:
            return False
        return bool(_rows(self.connection, "policies", place.schema, [place.name]))

    def is_constrained(self, type_: str) -> bool:
        """Return whether a type is a domain whose values must pass a check, once this deployment is done."""
        if any(type_ in (key.name, f"{key.schema}.{key.name}") for key in self.planned.constrained):
            return True
        if self.connection is None:
            return False
        return self.connection.execute(query("constrained"), {"type": type_}).fetchone() == (True,)

    def may_be_partitioned(self, schema: str, table: str) -> bool:  # noqa: ARG002
        """Return whether it is worth asking for a table's partitions."""
        return self.connection is not None

    def missing(self, needed: tuple[tuple[str, str], ...]) -> tuple[str, str] | None:
        """Return the first of these, a kind and a name each, that the database does not have."""
        if self.connection is None or not needed:
            return None
        whats, names = (list(one) for one in zip(*needed, strict=True))
        found = self.connection.execute(query("missing"), {"whats": whats, "names": names}).fetchone()
        return cast("tuple[str, str] | None", found)

    def named(self, schema: str, name: str) -> list[Key]:
        """Return the relations and types of a name: they exclude each other."""
        return [key for key in self._named(schema, name) if (key.object or key.name) == name]

    def _named(self, schema: str, name: str | None) -> list[Key]:
        if self.connection is None:
            return []
        found = self.connection.execute(query("named"), {"schema": schema, "name": name}).fetchall()
        return [
            Key(kind, schema, owner, own) for kind, owner, own in cast("list[tuple[str, str, str]]", found)
        ]

    def result_of(self, query: str) -> list[tuple[bytes | None, int, int]] | None:
        """Return name, type and modifier of each column of a query that is planned, not run.

        None where the server does not understand it (yet).
        """
        from psycopg.pq import ExecStatus

        if self.connection is None:
            return None
        server = self.connection.pgconn
        with taken_back(self.connection):  # what is refused ends no transaction but this
            if server.prepare(b"", query.encode()).status != ExecStatus.COMMAND_OK:
                return None
            result = server.describe_prepared(b"")
        return [(result.fname(i), result.ftype(i), result.fmod(i)) for i in range(result.nfields)]

    def rights(self, place: Mapping[str, str | None]) -> tuple[Any, ...]:
        """Return what the deployer may do where an object is or is to be."""
        assert self.connection is not None
        found = self.connection.execute(query("rights"), place).fetchone()
        assert found is not None
        return found

    def default_grantees(self, schema: str, object_type: str) -> list[str]:
        """Return who gets privileges on a new object (`r` table, `f` function) by default privileges."""
        if self.connection is None:
            return []
        rows = self.connection.execute(
            query("default_grantees"), {"schema": schema, "type": object_type}
        ).fetchall()
        return [str(row[0]) for row in rows]

    def others(self, function: Key) -> list[Key]:
        """Return the other functions and procedures that have its name, or will have it."""
        if self.connection is None:
            return []
        there = _rows(self.connection, "functions", function.schema, [function.name])
        keys = {key for key, _ in definitions("functions", there)}
        keys |= {key for key in tuple(self.planned.made) if key.kind == "functions"}
        place = (function.schema, function.name)
        return [key for key in keys - {function} if (key.schema, key.name) == place]
