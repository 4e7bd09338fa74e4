"""Several plans as one transaction and one round trip, their catalog entries read back before its end."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from gatepost.postgres.catalog import Definition, Key, canonical_names, definitions, query
from gatepost.postgres.ledger import Row, Work
from gatepost.postgres.plan import Statement

if TYPE_CHECKING:
    from psycopg import Cursor

    from gatepost.postgres.connect import Connection
    from gatepost.postgres.runner import Runner

_SHARE = 8
"""One query reads all objects of a kind in a schema where at least one in so many is wanted."""


@dataclass(frozen=True)
class Entry:
    """One plan: its statements, for which resource, and the object that they make."""

    statements: Sequence[Statement]
    work: Work
    key: Key


def run_together(
    runner: Runner, entries: Sequence[Entry], known: Iterable[Key] = ()
) -> dict[Key, Definition]:
    """Run plans whose statements all go together; return what the catalog then has of their objects.

    All of it happens or nothing does; the ledger's rows are part of the transaction.

    :param known: what the catalog had before, by which the readings are chosen.
    """
    with runner.connections.take() as connection:
        with connection.pipeline(), connection.transaction():
            runner.limit(connection, "together", local=True)
            runner.ledger.record_all(connection, _rows(entries))
            for entry in entries:
                for statement in entry.statements:
                    connection.execute(statement.sql.encode())
            read = _read(connection, entries, known)
        return {key: one for kind, cursor in read for key, one in definitions(kind, cursor.fetchall())}


def _rows(entries: Iterable[Entry]) -> Iterator[Row]:
    for entry in entries:
        total = len(entry.statements)
        for number, statement in enumerate(entry.statements, 1):
            yield Row(uuid4(), entry.work, statement, "done", (number, total))


def _read(
    connection: Connection, entries: Iterable[Entry], known: Iterable[Key]
) -> list[tuple[str, Cursor[tuple[object, ...]]]]:
    with canonical_names(connection):
        return [
            (kind, connection.execute(query(kind), {"schema": schema, "name": name}))
            for kind, schema, name in _reads(entries, Counter((key.kind, key.schema) for key in known))
        ]


def _reads(
    entries: Iterable[Entry], there: Mapping[tuple[str, str], int]
) -> Iterator[tuple[str, str, str | None]]:
    """Yield kind, schema and name of what is to be read back: no name means all of the schema."""
    names: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for entry in entries:
        names[entry.key.kind, entry.key.schema].add(entry.key.name)
    for (kind, schema), wanted in names.items():
        if len(wanted) * _SHARE >= there.get((kind, schema), 0):
            yield kind, schema, None
        else:
            yield from ((kind, schema, name) for name in sorted(wanted))
