"""COPY, which no function can run: each case is a statement of the client, taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepost.isolation.case import Case, Outcome, outcome_of

if TYPE_CHECKING:
    from psycopg.sql import Composed

    from gatepost.postgres.connect import Connection

_BECOME = "select set_config('request.jwt.claims', %s, true), set_config('role', %s, true)"
_OTHER_FUNCTION = "PL/pgSQL function"


def copied(connection: Connection, case: Case, statement: Composed, claims: str) -> Outcome:
    """Copy a table's keys out, or one row in, as the asker; return what came of it."""
    from psycopg import Error

    try:
        with connection.transaction(force_rollback=True):
            connection.execute(_BECOME, [claims, case.asker.role])
            if case.action == "select":
                keys = _out(connection, statement)
                return Outcome("rows", len(keys), frozenset(keys))
            return Outcome("rows", _in(connection, statement, case))
    except Error as error:
        raised = _OTHER_FUNCTION in (error.diag.context or "")
        return outcome_of(error.sqlstate, error.diag.message_primary or "", raised, 0, None)


def _out(connection: Connection, statement: Composed) -> list[str]:
    with connection.cursor().copy(statement) as copy:
        copy.set_types(["text"])
        return [str(row[0]) for row in copy.rows()]


def _in(connection: Connection, statement: Composed, case: Case) -> int:
    cursor = connection.cursor()
    with cursor.copy(statement) as copy:
        copy.write_row([value for _, value in case.values])
    return cursor.rowcount
