"""What a failed statement means: whether to try again, and what the person who deploys should do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gatepost import errors
from gatepost.postgres.budget import Budget
from gatepost.postgres.catalog import query
from gatepost.postgres.connect import Connections, is_lost
from gatepost.postgres.plan import Mode, Statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from gatepost.postgres.connect import Connection

LOCK_TIMEOUT = "55P03"
_CANCELED = "57014"
_RETRIED = frozenset({LOCK_TIMEOUT, "40P01", "40001"})
_NOT_THERE = frozenset({"42704", "42P01"})


class OutcomeUnknown(errors.ServerUnreachable):
    """The connection was lost at a moment when the change may just have been committed."""

    outcome_unknown = True


def worth_retrying(error: psycopg.Error) -> bool:
    """Return whether the next try may go better."""
    return is_lost(error) or error.sqlstate in _RETRIED or "tuple concurrently updated" in str(error)


def says_step_taken(error: psycopg.Error) -> bool:
    """Return whether the step's row in the ledger is there: the try before this one was committed."""
    return error.diag.constraint_name == "ledger_step_key"


def says_gone(error: psycopg.Error) -> bool:
    """Return whether what a statement drops is not there."""
    return error.sqlstate in _NOT_THERE


def out_of_time(
    error: psycopg.Error, label: str, mode: Mode, budget: Budget
) -> errors.StatementFailed | None:
    """Return the error for a statement that ran too long; None where that is not what happened."""
    if error.sqlstate != _CANCELED or "statement timeout" not in str(error):
        return None
    setting = {"together": "statementTimeout", "separate": "validateBudget"}.get(mode, "concurrentBudget")
    limit = budget.statement_timeout(mode) / 1000
    where = (
        "custom timeout on the resource" if limit >= round(budget.left, 3) else f"{setting} on the provider"
    )
    return errors.StatementFailed(
        f"{label}: the statement did not end within {limit:.3g} s:"
        f" deploy at a quieter time, or set a longer {where};"
        " nothing of this step was applied"
    )


def no_lock(
    label: str, statements: Sequence[Statement], attempts: int, seconds: float, holders: str
) -> errors.LockTimeout:
    """Return the error for a lock that could not be had."""
    return errors.LockTimeout(
        f"{label}: no lock on {', '.join(_relations(statements))} in {attempts} tries within {seconds:.0f} s:"
        f" end the transaction that holds it ({holders or 'pg_blocking_pids'}), or deploy again later;"
        " nothing of this step was applied"
    )


def holders(connections: Connections, statements: Sequence[Statement]) -> str:
    """Return who else holds locks on what the statements change: none where nobody can be asked."""
    import psycopg

    try:
        with connections.take() as connection:
            return ", ".join(filter(None, (_holders(connection, one) for one in _relations(statements))))
    except (psycopg.Error, errors.ServerUnreachable):
        return ""


def wait_for_end(connection: Connection, process: int, seconds: float = 10.0) -> None:
    """Wait until the server has noticed that nobody listens to a process any more."""
    deadline = time.monotonic() + seconds
    running = "select from pg_stat_activity where pid = %s and application_name = 'gatepost'"
    while connection.execute(running, (process,)).fetchone() and time.monotonic() < deadline:
        time.sleep(0.05)


def _relations(statements: Sequence[Statement]) -> list[str]:
    return sorted({statement.on for statement in statements if statement.on})


def _holders(connection: Connection, relation: str) -> str:
    row = connection.execute(query("holders"), {"relation": relation}).fetchone()
    return str(row[0]) if row and row[0] else ""
