"""Several plans as one transaction and one round trip, their catalog entries read back before its end."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from gatepost.errors import ServerUnreachable, StatementFailed
from gatepost.postgres import failures
from gatepost.postgres.catalog import Definition, Key, canonical_names, definitions, not_made, query
from gatepost.postgres.connect import is_lost, translate
from gatepost.postgres.ledger import Row, Work
from gatepost.postgres.plan import Statement

if TYPE_CHECKING:
    import psycopg
    from psycopg import Cursor

    from gatepost.postgres.connect import Connection
    from gatepost.postgres.runner import Runner


@dataclass(frozen=True)
class Entry:
    """One plan: its statements, for which resource, and the object that they make."""

    statements: Sequence[Statement]
    work: Work
    key: Key


def run_together(runner: Runner, entries: Sequence[Entry]) -> dict[Key, Definition]:
    """Run plans whose statements all go together; return what the catalog then has of their objects.

    All of it happens or nothing does; the ledger's rows are part of the transaction, and say what a COMMIT
    did whose answer was lost.

    :raises OutcomeUnknown: it was lost, and nobody could be asked since.
    :raises StatementFailed: an object was not made.
    """
    import psycopg

    rows = list(_rows(entries))
    with runner.connections.take() as connection:
        process = connection.info.backend_pid
        try:
            with connection.pipeline(), connection.transaction():
                runner.limit(connection, "together", local=True)
                runner.ledger.record_all(connection, rows)
                for row in rows:
                    connection.execute(row.statement.sql.encode())
                found = _found(_read(connection, entries))
                if missing := next((one.key for one in entries if one.key not in found), None):
                    raise StatementFailed(not_made(missing))
        except psycopg.Error as error:
            if not is_lost(error):
                raise
            lost = error
        else:
            return found
    return _settled(runner, entries, rows, process, lost)


def _settled(
    runner: Runner, entries: Sequence[Entry], rows: Sequence[Row], process: int, lost: psycopg.Error
) -> dict[Key, Definition]:
    """Return what was made if the ledger knows the transaction, else raise what was lost."""
    import psycopg

    deadline = time.monotonic() + runner.budget.total("together")
    while True:
        try:
            with runner.connections.take() as connection:
                failures.wait_for_end(connection, process)
                if not runner.ledger.knows(connection, rows[-1].step):
                    raise lost
                return _found(_read(connection, entries))
        except (psycopg.Error, ServerUnreachable) as error:
            if error is lost:
                raise
            if time.monotonic() > deadline:
                raise failures.OutcomeUnknown(str(translate(lost, "making new objects"))) from None
        runner.sleep(0.2)


def _found(read: Iterable[tuple[str, Cursor[tuple[object, ...]]]]) -> dict[Key, Definition]:
    return {key: one for kind, cursor in read for key, one in definitions(kind, cursor.fetchall())}


def _rows(entries: Iterable[Entry]) -> Iterator[Row]:
    for entry in entries:
        total = len(entry.statements)
        for number, statement in enumerate(entry.statements, 1):
            yield Row(uuid4(), entry.work, statement, "done", (number, total))


def _read(connection: Connection, entries: Iterable[Entry]) -> list[tuple[str, Cursor[tuple[object, ...]]]]:
    """Ask for what was made: one query a kind and schema."""
    names: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for entry in entries:
        names[entry.key.kind, entry.key.schema].add(entry.key.name)
    with canonical_names(connection):
        return [
            (kind, connection.execute(query(kind), {"schema": schema, "names": sorted(wanted)}))
            for (kind, schema), wanted in names.items()
        ]
