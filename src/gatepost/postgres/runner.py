"""Runs plans: short lock time-outs, retries within a budget, a ledger row with every statement."""

from __future__ import annotations

import math
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from gatepost import errors
from gatepost.postgres import catalog, deployment_lock, diagnosis, failures, violations
from gatepost.postgres.budget import Budget
from gatepost.postgres.connect import Connections, connect, is_lost, translate
from gatepost.postgres.ledger import Ledger, Work, is_valid
from gatepost.postgres.plan import Mode, Plan, Statement
from gatepost.postgres.progress import OnProgress, Progress, Watch, unseen
from gatepost.postgres.redefined import Noting

if TYPE_CHECKING:
    import psycopg

    from gatepost.postgres.connect import Connection

_LOST = "the connection was lost"


@dataclass
class Batch:
    """Statements that are run as one, and for which resource."""

    mode: Mode
    statements: Sequence[Statement]
    work: Work
    label: str
    steps: Sequence[UUID]
    parts: Sequence[tuple[int, int]]
    """Where each stands in the plan, and how many there are."""
    started: float = field(default_factory=time.monotonic)
    process: int = 0
    """The server process that the last try ran in."""
    unsettled: bool = False
    """Whether the last try lost its connection, so that it may have happened."""
    was_lost: bool = False
    """Whether any try did."""

    def translate(self, error: psycopg.Error, advice: str = "") -> errors.GatepostError:
        """Return our error for PostgreSQL's, which repeats no secret and no row."""
        secret = any(one.secret for one in self.statements)
        return translate(error, self.label, secret=secret, advice="" if secret else advice)


@dataclass
class Runner:
    """Applies plans to one database for one deployment."""

    connections: Connections
    budget: Budget = field(default_factory=Budget)
    sleep: Callable[[float], None] = time.sleep
    ledger: Ledger = field(default_factory=lambda: Ledger(uuid4()))
    on_progress: OnProgress = unseen
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
            deployment_lock.take(connection, self.connections.target)
            self.ledger.prepare(connection)
        except psycopg.Error as error:
            connection.close()
            raise translate(error, f"preparing the ledger in {self.connections.target}") from None
        except errors.GatepostError:
            connection.close()
            raise
        return connection

    def run(self, plan: Plan, label: str, work: Work, *, seconds: float = math.inf) -> None:
        """Apply `plan`, batch by batch; messages call the resource `label`, the ledger by its URN.

        A batch that fails leaves nothing behind, and what the ones before it only prepared is undone.

        :param seconds: how long all of it may take, where the resource itself says so.
        :raises LockTimeout: the budget ran out.
        :raises StatementFailed: PostgreSQL refused a statement.
        """
        with self._alone_on(plan):
            self._run(plan, label, work, time.monotonic() + seconds)

    def _alone_on(self, plan: Plan) -> Lock:
        """Return the lock of the plan's table: its statements would only deadlock with another plan's."""
        with self._guard:
            return self._tables[plan.statements[0].on if plan.statements else ""]

    def _run(self, plan: Plan, label: str, work: Work, until: float) -> None:
        done: list[Statement] = []
        for batch in _batches(plan, label, work):
            try:
                self._until(until)._with_retries(batch)
            except errors.GatepostError as error:
                raise self._undone(error, done, batch) from None
            reversible = all(one.undo is not None for one in batch.statements)
            done = [*done, *batch.statements] if reversible else []

    def _until(self, until: float) -> Runner:
        """Return a runner that ends by then, the same where there is no end."""
        if until == math.inf:
            return self
        return replace(self, budget=replace(self.budget, left=until - time.monotonic()))

    def _undone(
        self, error: errors.GatepostError, done: Sequence[Statement], batch: Batch
    ) -> errors.GatepostError:
        """Return the error after the prepared statements were taken back, last first."""
        import psycopg

        try:
            for statement in reversed([one for one in done if one.undo]):
                self._undo(statement, batch.work)
        except (psycopg.Error, errors.GatepostError) as second:
            why = second if isinstance(second, errors.GatepostError) else diagnosis.said(second)[0]
            return type(error)(f"{error}; what it left could not be removed: {why}")
        return error

    def _undo(self, statement: Statement, work: Work) -> None:
        with self.connections.take() as connection:
            self._take_back(connection, statement, work)

    def _take_back(self, connection: Connection, statement: Statement, work: Work) -> None:
        undo = Statement(statement.undo or "", statement.lock, statement.on, secret=statement.secret)
        patience = str(int(self.budget.seconds * 1000))
        connection.execute("select set_config('lock_timeout', %s, false)", (patience,))
        connection.execute(undo.sql.encode())
        self.ledger.record(connection, uuid4(), work, undo, "done")

    def _with_retries(self, batch: Batch) -> None:
        """Try until it succeeds or the budget ends; nobody knows what a lost connection did: ask first."""
        import psycopg

        deadline = time.monotonic() + self.budget.total(batch.mode)
        for attempts in count(1):
            failure: psycopg.Error | errors.ServerUnreachable
            try:
                self._settle_or_try(batch)
            except psycopg.Error as error:
                batch.unsettled = batch.unsettled or is_lost(error) or failures.says_step_taken(error)
                if not (batch.unsettled or failures.worth_retrying(error)):
                    raise self._explain(error, batch, attempts) from None
                failure = error
            except errors.ServerUnreachable as error:
                if not batch.unsettled:
                    raise
                failure = error  # where it answered a moment ago, it may be restarting
            else:
                return
            pause = random.uniform(0.5, 1.0) * min(0.1 * 2**attempts, 5.0)  # noqa: S311
            if time.monotonic() + pause > deadline:
                raise self._explain(failure, batch, attempts) from None
            self._tell_waiting(batch, attempts)
            self.sleep(pause)

    def _settle_or_try(self, batch: Batch) -> None:
        if not (batch.unsettled and self._happened(batch)):
            self._attempt(batch)

    def _happened(self, batch: Batch) -> bool:
        """Return whether the try whose connection was lost succeeded; what it left half-made is removed.

        A COMMIT may still be under way: then the next try waits for it, and finds its own step taken.
        """
        with self.connections.take() as connection:
            if batch.mode != "concurrent":
                done = self.ledger.knows(connection, batch.steps[-1])
            else:
                failures.wait_for_end(connection, batch.process)
                done = is_valid(connection, batch.statements[0].builds) is True
                self.ledger.finish(connection, batch.steps[-1], "done" if done else "failed", _LOST)
                self._remove_leftover(connection, batch)
        batch.unsettled, batch.was_lost = False, True
        return done

    def _remove_leftover(self, connection: Connection, batch: Batch) -> None:
        """Remove what a failed concurrent build left: an index of that name that is valid is not its own."""
        (statement,) = batch.statements
        if is_valid(connection, statement.builds) is False:
            self._take_back(connection, statement, batch.work)

    def _attempt(self, batch: Batch) -> None:
        with self.connections.take() as connection:
            batch.process = connection.info.backend_pid
            if batch.mode == "concurrent":
                # Two builds wait for each other's snapshots, on whatever tables they are.
                with self._building, self._watch(batch):
                    self._run_concurrent(connection, batch)
            else:
                with self._watch(batch):
                    self._run_transaction(connection, batch)

    def _watch(self, batch: Batch) -> AbstractContextManager[object]:
        if batch.mode == "together" or self.on_progress is unseen:
            return nullcontext()
        tell = self.on_progress
        return Watch(self.connections.target, batch.process, lambda seen: tell(batch.work.resource, seen))

    def _run_transaction(self, connection: Connection, batch: Batch) -> None:
        key = batch.work.key if any(one.redefines for one in batch.statements) else None
        noting = Noting(connection, key) if key else None
        with connection.transaction():
            self.limit(connection, batch.mode, local=True)
            for step, statement, part in zip(batch.steps, batch.statements, batch.parts, strict=True):
                # The row first: a statement may take on a role that must not write the ledger.
                self.ledger.record(connection, step, batch.work, statement, "done", part)
                connection.execute(statement.sql.encode())
            _require_made(connection, batch)
            if noting is not None:
                noting.conclude()

    def _run_concurrent(self, connection: Connection, batch: Batch) -> None:
        """Run the batch's one statement between its intent and its outcome."""
        import psycopg

        step, statement = uuid4(), batch.statements[0]
        batch.steps = [step]
        self.ledger.record(connection, step, batch.work, statement, "intent", batch.parts[0])
        self.limit(connection, batch.mode, local=False)
        try:
            connection.execute(statement.sql.encode())
        except psycopg.Error as error:
            if connection.closed:
                raise
            gone = batch.was_lost and failures.says_gone(error)
            self.limit(connection, "together", local=False)
            self.ledger.finish(connection, step, "done" if gone else "failed", str(batch.translate(error)))
            self._remove_leftover(connection, batch)
            if not gone:
                raise
        else:
            self.ledger.finish(connection, step, "done")

    def limit(self, connection: Connection, mode: Mode, *, local: bool) -> None:
        """Set the time-outs of statements of a mode, for the transaction or for the session."""
        lock, statement = self.budget.lock_timeout(mode), self.budget.statement_timeout(mode)
        connection.execute(
            "select set_config('lock_timeout', %s, %s), set_config('statement_timeout', %s, %s)",
            (str(lock), local, str(statement), local),
        )

    def _tell_waiting(self, batch: Batch, attempts: int) -> None:
        if self.on_progress is unseen:
            return
        holders = failures.holders(self.connections, batch.statements)
        seconds = time.monotonic() - batch.started
        self.on_progress(batch.work.resource, Progress(seconds, f"try {attempts} failed", waits_for=holders))

    def _explain(
        self, error: psycopg.Error | errors.ServerUnreachable, batch: Batch, attempts: int
    ) -> errors.GatepostError:
        """Return what the person who deploys is told."""
        if batch.unsettled:
            said = error if isinstance(error, errors.GatepostError) else batch.translate(error)
            return failures.OutcomeUnknown(str(said))
        assert not isinstance(error, errors.GatepostError)
        if error.sqlstate == failures.LOCK_TIMEOUT:
            holders = failures.holders(self.connections, batch.statements)
            total = self.budget.total(batch.mode)
            return failures.no_lock(batch.label, batch.statements, attempts, total, holders)
        late = failures.out_of_time(error, batch.label, batch.mode, self.budget)
        advice = violations.advice(error, batch.statements, self.connections)
        return late or batch.translate(error, advice)


def _require_made(connection: Connection, batch: Batch) -> None:
    """Refuse, while nothing is kept yet, statements of the program's own that make something else."""
    key, (part, total) = batch.work.key, batch.parts[-1]
    if key and key.kind == "verbatim" and part == total and catalog.read(connection, key) is None:
        raise errors.StatementFailed(f"{batch.label}: {catalog.not_made(key)}")


def _batches(plan: Plan, label: str, work: Work) -> Iterator[Batch]:
    """Yield the plan's batches, their statements numbered through."""
    total, number = len(plan.statements), 0
    for mode, statements in plan.batches():
        steps = [uuid4() for _ in statements]
        parts = [(number + place, total) for place in range(1, len(statements) + 1)]
        yield Batch(mode, statements, work, label, steps, parts)
        number += len(statements)
