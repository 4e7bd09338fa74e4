"""Runs plans: short lock time-outs, retries within a budget, a ledger row with every statement."""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from gatepost import errors
from gatepost.postgres.connect import Connections, connect, is_lost, translate
from gatepost.postgres.ledger import Ledger, Work
from gatepost.postgres.plan import Mode, Plan, Statement

if TYPE_CHECKING:
    import psycopg

    from gatepost.postgres.connect import Connection

_ADVISORY_KEY = 7_208_364_511_903_842_107
_RETRIED = frozenset({"55P03", "40P01", "40001"})


@dataclass(frozen=True)
class Budget:
    """How long a plan may wait for locks."""

    lock_timeout_ms: int = 2_000
    statement_timeout_ms: int = 300_000
    """For statements that go together; separate and concurrent ones take as long as they need."""
    seconds: float = 60.0
    """All tries of one batch together."""


@dataclass(frozen=True)
class Batch:
    """Statements that are run as one, and for which resource."""

    mode: Mode
    statements: Sequence[Statement]
    work: Work
    label: str
    steps: Sequence[UUID]

    def translate(self, error: psycopg.Error) -> errors.GatepostError:
        """Return our error for PostgreSQL's, which repeats no secret."""
        return translate(error, self.label, secret=any(one.secret for one in self.statements))


@dataclass
class Runner:
    """Applies plans to one database for one deployment."""

    connections: Connections
    budget: Budget = field(default_factory=Budget)
    sleep: Callable[[float], None] = time.sleep
    ledger: Ledger = field(default_factory=lambda: Ledger(uuid4()))
    _guard: Lock = field(default_factory=Lock)
    _building: Lock = field(default_factory=Lock)
    _tables: defaultdict[str, Lock] = field(default_factory=lambda: defaultdict(Lock))

    def hold_lock(self) -> Connection:
        """Take the database's deployment lock on a connection of its own; closing it lets go.

        :raises DeploymentBusy: another deployment runs; the message says which process holds the lock.
        """
        import psycopg

        connection = connect(self.connections.target)
        try:
            self._take_lock(connection)
            self.ledger.prepare(connection)
        except psycopg.Error as error:
            connection.close()
            raise translate(error, f"preparing the ledger in {self.connections.target}") from None
        except errors.GatepostError:
            connection.close()
            raise
        return connection

    def _take_lock(self, connection: Connection) -> None:
        got = connection.execute("select pg_try_advisory_lock(%s)", (_ADVISORY_KEY,)).fetchone()
        if got != (True,):
            raise errors.DeploymentBusy(
                f"{self.connections.target}: another deployment is running ({_lock_holder(connection)}):"
                " wait for it to end"
            )

    def run(self, plan: Plan, label: str, urn: str, operation: str) -> None:
        """Apply `plan`, batch by batch; messages call the resource `label`, the ledger by its URN.

        A batch that fails leaves nothing behind, and what the ones before it only prepared is undone.

        :raises LockTimeout: the budget ran out.
        :raises StatementFailed: PostgreSQL refused a statement.
        """
        with self._alone_on(plan):
            self._run(plan, label, Work(urn, operation))

    def _alone_on(self, plan: Plan) -> Lock:
        """Return the lock of the plan's table: its statements would only deadlock with another plan's."""
        with self._guard:
            return self._tables[plan.statements[0].on if plan.statements else ""]

    def _run(self, plan: Plan, label: str, work: Work) -> None:
        done: list[Statement] = []
        for mode, statements in plan.batches():
            steps = [uuid4() for _ in statements]
            batch = Batch(mode, statements, work, label, steps)
            try:
                self._with_retries(batch)
            except errors.GatepostError as error:
                raise self._undone(error, done, batch) from None
            done = [*done, *statements] if all(one.undo is not None for one in statements) else []

    def _undone(
        self, error: errors.GatepostError, done: Sequence[Statement], batch: Batch
    ) -> errors.GatepostError:
        """Return the error after the prepared statements were taken back, last first."""
        import psycopg

        try:
            for statement in reversed([one for one in done if one.undo]):
                self._undo(statement, batch.work)
        except (psycopg.Error, errors.GatepostError) as second:
            return type(error)(f"{error}; what it left could not be removed: {second}")
        return error

    def _undo(self, statement: Statement, work: Work) -> None:
        undo = Statement(statement.undo or "", statement.lock, statement.on, secret=statement.secret)
        with self.connections.take() as connection:
            connection.execute("select set_config('lock_timeout', %s, false)", (self._patience(),))
            connection.execute(undo.sql.encode())
            self.ledger.record(connection, uuid4(), work, undo, "done")

    def _remove_leftover(self, batch: Batch) -> None:
        """Remove what a failed concurrent build left: an index of that name that is valid is not its own."""
        (statement,) = batch.statements
        if statement.builds is None:
            return
        with self.connections.take() as connection:
            left = connection.execute(
                "select not indisvalid from pg_index where indexrelid = to_regclass(%s)", (statement.builds,)
            ).fetchone()
        if left == (True,):
            self._undo(statement, batch.work)

    def _with_retries(self, batch: Batch) -> None:
        import psycopg

        deadline = time.monotonic() + self.budget.seconds
        attempt = 0
        while True:
            try:
                return self._attempt(batch)
            except psycopg.Error as error:
                if self._was_committed(error, batch):
                    return None
                if batch.mode == "concurrent" and not is_lost(error):
                    self._remove_leftover(batch)
                attempt += 1
                pause = random.uniform(0.5, 1.0) * min(0.1 * 2**attempt, 5.0)  # noqa: S311
                if not _worth_retrying(error, batch.mode) or time.monotonic() + pause > deadline:
                    raise self._explain(error, batch, attempt) from None
            self.sleep(pause)

    def _attempt(self, batch: Batch) -> None:
        with self.connections.take() as connection:
            if batch.mode == "concurrent":
                # Two builds wait for each other's snapshots, on whatever tables they are.
                with self._building:
                    self._run_concurrent(connection, batch)
            else:
                self._run_transaction(connection, batch)

    def _run_transaction(self, connection: Connection, batch: Batch) -> None:
        statement_timeout = 0 if batch.mode == "separate" else self.budget.statement_timeout_ms
        with connection.transaction():
            connection.execute(
                "select set_config('lock_timeout', %s, true), set_config('statement_timeout', %s, true)",
                (str(self.budget.lock_timeout_ms), str(statement_timeout)),
            )
            for step, statement in zip(batch.steps, batch.statements, strict=True):
                # The row first: a statement may take on a role that must not write the ledger.
                self.ledger.record(connection, step, batch.work, statement, "done")
                connection.execute(statement.sql.encode())

    def _run_concurrent(self, connection: Connection, batch: Batch) -> None:
        """Run the batch's one statement between its intent and its outcome."""
        import psycopg

        step, statement = uuid4(), batch.statements[0]
        self.ledger.record(connection, step, batch.work, statement, "intent")
        connection.execute("select set_config('lock_timeout', %s, false)", (self._patience(),))
        try:
            connection.execute(statement.sql.encode())
        except psycopg.Error as error:
            if not connection.closed:
                self.ledger.finish(connection, step, "failed", str(batch.translate(error)))
            raise
        self.ledger.finish(connection, step, "done")

    def _patience(self) -> str:
        """A concurrent build waits for old snapshots: it gets the whole budget as its lock time-out."""
        return str(int(self.budget.seconds * 1000))

    def _was_committed(self, error: psycopg.Error, batch: Batch) -> bool:
        """After a connection was lost the ledger says whether the COMMIT had arrived.

        It may still be under way: then the next try waits for it, and finds its own step taken.
        """
        taken = error.diag.constraint_name == "ledger_step_key"
        if batch.mode == "concurrent" or not (taken or is_lost(error)):
            return False
        with self.connections.take() as connection:
            return self.ledger.knows(connection, batch.steps[-1])

    def _explain(self, error: psycopg.Error, batch: Batch, attempts: int) -> errors.GatepostError:
        if error.sqlstate != "55P03":
            return batch.translate(error)
        objects = sorted({statement.on for statement in batch.statements if statement.on})
        return errors.LockTimeout(
            f"{batch.label}: no lock on {', '.join(objects)} in {attempts} tries within"
            f" {self.budget.seconds:.0f} s: end the transaction that holds it (pg_blocking_pids), or"
            " deploy again later; nothing of this step was applied"
        )


def _worth_retrying(error: psycopg.Error, mode: Mode) -> bool:
    """Whether the next try may go better; a concurrent statement without its connection may still run."""
    if is_lost(error):
        return mode != "concurrent"
    return error.sqlstate in _RETRIED or "tuple concurrently updated" in str(error)


def _lock_holder(connection: Connection) -> str:
    found = connection.execute(
        "select a.usename || ', process ' || a.pid"
        " || coalesce(to_char(a.backend_start, '\", since\" HH24:MI:SS'), '')"
        " from pg_locks as l join pg_stat_activity as a on a.pid = l.pid"
        " where l.locktype = 'advisory' and l.granted and l.classid = %s and l.objid = %s"
        " and l.database = (select oid from pg_database where datname = current_database())",
        (_ADVISORY_KEY >> 32, _ADVISORY_KEY & 0xFFFFFFFF),
    ).fetchone()
    return str(found[0]) if found else "it just ended"
