"""The in-database record of every statement that Gatepost applied."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import scrypt
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from gatepost.postgres.catalog import query
from gatepost.postgres.plan import HIDDEN, Plan, Statement

if TYPE_CHECKING:
    from gatepost.postgres.connect import Connection

_INSERT = """
    insert into gatepost.ledger
        (step, deployment, resource, operation, statement, lock, outcome, finished_at)
    values (%s, %s, %s, %s, %s, %s, %s, case when %s then clock_timestamp() end)
"""
_LATEST = """
    select l.statement
    from gatepost.ledger as l
    where l.resource = %s and l.outcome = 'done'
    order by l.id desc
    limit %s
"""

_GONE = Statement("-- found to be gone")


def _recorded(resource: str, statement: Statement) -> str:
    """Return what the ledger keeps of a statement: one with a secret is recognized, never read."""
    if not statement.secret:
        return statement.sql
    proof = scrypt(statement.sql.encode(), salt=resource.encode(), n=2**12, r=8, p=1, dklen=16)
    return f"{HIDDEN} {proof.hex()}"


@dataclass(frozen=True)
class Work:
    """For which resource, and for which operation on it, statements run."""

    resource: str
    operation: str


@dataclass(frozen=True)
class Ledger:
    """Writes one deployment's rows."""

    deployment: UUID

    def prepare(self, connection: Connection) -> None:
        """Make the ledger where this database has none."""
        if not self._exists(connection):
            connection.execute(query("ledger"))

    def _exists(self, connection: Connection) -> bool:
        found = connection.execute("select to_regclass('gatepost.ledger') is not null").fetchone()
        return found == (True,)

    def remaining(self, connection: Connection | None, resource: str, plan: Plan) -> Plan | None:
        """Return what is left of a plan that was cut short; None where it never began here.

        It began if the last statements done for the resource are the plan's first ones.
        """
        if connection is None or not self._exists(connection):
            return None
        planned = [_recorded(resource, statement) for statement in plan.statements]
        rows = connection.execute(_LATEST, (resource, len(planned))).fetchall()
        done = [str(row[0]) for row in reversed(rows)]
        for count in range(len(done), 0, -1):
            if done[-count:] == planned[:count]:
                return Plan(plan.statements[count:], plan.risks)
        return None

    def note_gone(self, connection: Connection, resource: str) -> None:
        """Write that an object was found to be gone: one of its name that comes later is somebody else's."""
        if not self._exists(connection):
            return
        latest = connection.execute(_LATEST, (resource, 1)).fetchone()
        if latest is not None and latest != (_GONE.sql,):
            self.record(connection, uuid4(), Work(resource, "delete"), _GONE, "done")

    def record(
        self, connection: Connection, step: UUID, work: Work, statement: Statement, outcome: str
    ) -> None:
        """Write a row: `done` inside the statement's transaction, `intent` before one that runs outside."""
        text = _recorded(work.resource, statement)
        row = (step, self.deployment, work.resource, work.operation, text, statement.lock.value)
        connection.execute(_INSERT, (*row, outcome, outcome == "done"))

    def finish(self, connection: Connection, step: UUID, outcome: str, detail: str | None = None) -> None:
        """Write how a statement with an `intent` row ended."""
        connection.execute(
            "update gatepost.ledger set outcome = %s, detail = %s, finished_at = clock_timestamp()"
            " where step = %s",
            (outcome, detail, step),
        )

    def knows(self, connection: Connection, step: UUID) -> bool:
        """Return whether the step's transaction was committed, as far as the database remembers."""
        found = connection.execute(
            "select exists (select from gatepost.ledger where step = %s and outcome = 'done')", (step,)
        ).fetchone()
        return found == (True,)
