"""The in-database record of every statement that Gatepost applied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import scrypt
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID, uuid4

from gatepost.jsontext import dumps
from gatepost.postgres.catalog import Key, query
from gatepost.postgres.plan import HIDDEN, Plan, Statement

if TYPE_CHECKING:
    from gatepost.postgres.connect import Connection

_INSERT = """
    insert into gatepost.ledger
        (step, deployment, resource, operation, statement, lock, outcome, finished_at, part, parts, declared)
    values (%s, %s, %s, %s, %s, %s, %s, case when %s then clock_timestamp() end, %s, %s, %s)
"""
_INSERT_ALL = """
    insert into gatepost.ledger
        (step, deployment, resource, operation, statement, lock, outcome, finished_at, part, parts, declared)
    select r.step, %s, r.resource, r.operation, r.statement, r.lock, r.outcome,
        case when r.outcome = 'done' then clock_timestamp() end, r.part, r.parts, r.declared
    from jsonb_to_recordset(%s) as r (
        step uuid, resource text, operation text, statement text, lock text, outcome text,
        part integer, parts integer, declared jsonb
    )
"""
_LATEST = """
    select l.statement, l.outcome
    from gatepost.ledger as l
    where l.resource = %s and l.outcome in ('done', 'intent')
    order by l.id desc
    limit %s
"""
_TRACE = """
    select l.operation, l.part is not null, l.part = l.parts and l.outcome = 'done', (
        select f.declared from gatepost.ledger as f
        where f.resource = l.resource and f.deployment = l.deployment and f.id <= l.id and f.part = 1
        order by f.id desc
        limit 1
    )
    from gatepost.ledger as l
    where l.resource = %s and l.outcome in ('done', 'intent')
    order by l.id desc
    limit 1
"""
_OF_OTHER_STACKS = """
    select * from (
        select distinct on (l.resource) l.resource, l.operation, (
            select f.declared from gatepost.ledger as f
            where f.resource = l.resource and f.declared is not null
            order by f.id desc
            limit 1
        ) as declared
        from gatepost.ledger as l
        where l.resource like 'urn:%%' and not starts_with(l.resource, %s) and l.outcome in ('done', 'intent')
        order by l.resource, l.id desc
    ) as latest
    where latest.operation <> 'delete' and latest.declared is not null
"""
_VALID = "select indisvalid from pg_index where indexrelid = to_regclass(%s)"

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
    declared: Mapping[str, Any] | None = None
    """What the plan brings about; never anything secret. It is in the row of the first statement."""
    key: Key | None = None
    """Where the resource's object is."""


@dataclass(frozen=True)
class Trace:
    """What the ledger last saw of a resource that was being created or changed."""

    complete: bool
    """Whether it was the last statement of its plan."""
    declared: Mapping[str, Any] | None
    """What that plan was to bring about."""


@dataclass(frozen=True)
class Row:
    """One row, as `Ledger.record` writes it."""

    step: UUID
    work: Work
    statement: Statement
    outcome: str
    part: tuple[int, int]

    def as_json(self) -> dict[str, Any]:
        """Return the columns by name."""
        number, count = self.part
        return {
            "step": str(self.step),
            "resource": self.work.resource,
            "operation": self.work.operation,
            "statement": _recorded(self.work.resource, self.statement),
            "lock": self.statement.lock.value,
            "outcome": self.outcome,
            "part": number,
            "parts": count,
            "declared": self.work.declared if number == 1 else None,
        }


@dataclass(frozen=True)
class Ledger:
    """Writes one deployment's rows."""

    deployment: UUID

    def prepare(self, connection: Connection) -> None:
        """Make the ledger where this database has none, or an older one."""
        if not self._exists(connection):
            connection.execute(query("ledger"))

    def _exists(self, connection: Connection) -> bool:
        found = connection.execute("select to_regclass('gatepost.redefined') is not null").fetchone()
        return found == (True,)

    def remaining(self, connection: Connection | None, resource: str, plan: Plan) -> Plan | None:
        """Return what is left of a plan that was cut short; None where it never began here.

        It began if the last statements done for the resource are the plan's first ones.
        """
        if connection is None or not self._exists(connection):
            return None
        planned = [_recorded(resource, statement) for statement in plan.statements]
        rows = connection.execute(_LATEST, (resource, 2 * len(planned))).fetchall()
        built = {text: one.builds for text, one in zip(planned, plan.statements, strict=True)}
        done = [
            str(text)
            for text, outcome in reversed(rows)
            if outcome == "done" or is_valid(connection, built.get(str(text)))
        ]
        for count in range(min(len(done), len(planned)), 0, -1):
            if done[-count:] == planned[:count]:
                left = _from_fleeting(plan.statements, count)
                return Plan(left, plan.risks if left else ())
        return None

    def trace(self, connection: Connection | None, resource: str) -> Trace | None:
        """Return how far the last plan of a resource came; None where there is no such resource any more."""
        if connection is None or not self._exists(connection):
            return None
        row = connection.execute(_TRACE, (resource,)).fetchone()
        if row is None:
            return None
        operation, forward, complete, declared = cast("tuple[str, bool, bool, dict[str, Any] | None]", row)
        return Trace(complete, declared) if forward and operation != "delete" else None

    def of_other_stacks(self, connection: Connection, stack: str) -> list[tuple[str, dict[str, Any]]]:
        """Return URN and declaration of what other stacks have here; one with a secret is not known.

        :param stack: how every URN of this stack begins.
        """
        if not self._exists(connection):
            return []
        rows = connection.execute(_OF_OTHER_STACKS, (stack,)).fetchall()
        return [(str(urn), cast("dict[str, Any]", declared)) for urn, _, declared in rows]

    def note_gone(self, connection: Connection, resource: str) -> None:
        """Write that an object was found to be gone: one of its name that comes later is somebody else's."""
        if not self._exists(connection):
            return
        latest = connection.execute(_LATEST, (resource, 1)).fetchone()
        if latest is not None and latest[0] != _GONE.sql:
            self.record(connection, uuid4(), Work(resource, "delete"), _GONE, "done")

    def record(
        self,
        connection: Connection,
        step: UUID,
        work: Work,
        statement: Statement,
        outcome: str,
        part: tuple[int, int] | None = None,
    ) -> None:
        """Write a row: `done` inside the statement's transaction, `intent` before one that runs outside.

        :param part: which statement of how many; None for one that takes another back.
        """
        text = _recorded(work.resource, statement)
        row = (step, self.deployment, work.resource, work.operation, text, statement.lock.value)
        number, count = part or (None, None)
        first = number == 1 and work.declared is not None
        declared = dumps(work.declared).decode() if first else None
        connection.execute(_INSERT, (*row, outcome, outcome == "done", number, count, declared))

    def record_all(self, connection: Connection, rows: Iterable[Row]) -> None:
        """Write many rows at once."""
        written = [row.as_json() for row in rows]
        connection.execute(_INSERT_ALL, (self.deployment, dumps(written).decode()))

    def finish(self, connection: Connection, step: UUID, outcome: str, detail: str | None = None) -> None:
        """Write how a statement with an `intent` row ended."""
        connection.execute(
            "update gatepost.ledger set outcome = %s, detail = %s, finished_at = clock_timestamp()"
            " where step = %s",
            (outcome, detail, step),
        )

    def was_used(self, connection: Connection) -> bool:
        """Return whether anything of this deployment was committed."""
        found = connection.execute(
            "select exists (select from gatepost.ledger where deployment = %s)", (self.deployment,)
        ).fetchone()
        return found == (True,)

    def knows(self, connection: Connection, step: UUID) -> bool:
        """Return whether the step's transaction was committed, as far as the database remembers."""
        found = connection.execute(
            "select exists (select from gatepost.ledger where step = %s and outcome = 'done')", (step,)
        ).fetchone()
        return found == (True,)


def _from_fleeting(statements: tuple[Statement, ...], count: int) -> tuple[Statement, ...]:
    """Return what is left after `count` statements, with what stood only for the next of them."""
    while count and statements[count - 1].fleeting:
        count -= 1
    return statements[count:]


def is_valid(connection: Connection, index: str | None) -> bool | None:
    """Return whether the index that a statement builds is valid; None where there is none."""
    found = connection.execute(_VALID, (index,)).fetchone() if index else None
    return None if found is None else found == (True,)
