"""A provider's work on its database: facts for plans, the runner, the catalog read back."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import TYPE_CHECKING, Any

from gatepost.errors import StatementFailed
from gatepost.postgres import bulk, catalog, deployment_lock, redefined
from gatepost.postgres.budget import Budget
from gatepost.postgres.bulk import Entry
from gatepost.postgres.catalog import Definition, Facts, Key
from gatepost.postgres.connect import Connections, DatabaseMissing, RoleMissing, Target, translating
from gatepost.postgres.ledger import Work
from gatepost.postgres.one_transaction import OneTransaction, require_transactional
from gatepost.postgres.plan import Plan
from gatepost.postgres.planned import Planned
from gatepost.postgres.progress import OnProgress, unseen
from gatepost.postgres.runner import Runner
from gatepost.provider.batches import left_open
from gatepost.provider.remembered import Remembered

if TYPE_CHECKING:
    from gatepost.postgres.connect import Connection

_SNAPSHOT_SECONDS = 2.0
"""A pause this long between two reads ends a refresh."""


@dataclass
class Session:
    """One deployment's work on one database; connects when first needed."""

    target: Target
    budget: Budget = field(default_factory=Budget)
    on_progress: OnProgress = unseen
    atomic: bool = False
    """Whether the whole deployment is one transaction, which `conclude` ends."""
    _lock: Lock = field(default_factory=Lock)
    _making: Lock = field(default_factory=Lock)
    """What is remembered has all of a transaction of creations or nothing of it."""
    _holding: Connection | None = None
    _snapshot: tuple[float, dict[Key, Definition]] | None = None
    _known: dict[Key, Definition] | None = None
    _runs: int = 0
    """How many plans ran by themselves: each may change what is known."""
    _answers: dict[Any, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.connections = OneTransaction(self.target) if self.atomic else Connections(self.target)
        self.runner = Runner(self.connections, self.budget, on_progress=self.on_progress)

    @contextmanager
    def facts(self, *, preview: bool) -> Iterator[Facts]:
        """Lend what a plan asks of the target.

        In a preview a database that is yet to be made, or whose owner is, is empty.
        """
        try:
            if not preview:  # what another deployment is about to change is no fact
                self._hold()
            with self.connections.take() as connection, translating(f"reading {self.target}"):
                yield Facts(connection, connection.info.server_version)
        except (DatabaseMissing, RoleMissing):
            if not preview:
                raise
            yield Facts()

    def run(self, plan: Plan, label: str, work: Work, timeout: float = 0.0) -> None:
        """Apply a plan while holding the database's deployment lock, which is kept until `close`.

        :param timeout: the resource's own, in seconds; 0 where it has none.
        """
        self._hold()
        try:
            self.runner.run(plan, label, work, seconds=timeout or math.inf)
        finally:  # what is being read meanwhile may not show what was just done
            self._runs += 1
            self._snapshot = self._known = None

    def redefined(self, key: Key) -> Definition | None:
        """Return how a deployment of something else left the object's definition."""
        with self.connections.take() as connection:
            return redefined.known(connection).get(key)

    def admit(self, plan: Plan, label: str) -> None:
        """Refuse a plan that cannot be part of an atomic deployment."""
        if self.atomic:
            require_transactional(plan, label)

    def conclude(self, *, keep: bool) -> None:
        """End an atomic deployment: commit it, or take everything back."""
        if isinstance(self.connections, OneTransaction):
            self.connections.conclude(self.runner.ledger.deployment, keep=keep)

    def _hold(self) -> None:
        with self._lock:
            if not deployment_lock.is_held(self._holding):
                first = self._holding is None
                self._holding = self.runner.hold_lock()
                if first:
                    self._clear_up()

    def _clear_up(self) -> None:
        """Remove what a killed deployment left open: nobody else deploys, and this one has not begun."""
        with self.connections.take() as connection:
            left = left_open(connection)
        for one in left:
            label = f"what a backfill of {one.on} left"
            self.runner.run(Plan((one,)), label, Work(label, "delete"))

    def recover(self) -> None:
        """Remove what a killed deployment left open, if nothing of this one has done so."""
        self._hold()

    @contextmanager
    def remembering(self, planned: Planned, *, preview: bool) -> Iterator[Facts]:
        """Lend facts out of one reading of the catalog, which lasts until something but a creation runs.

        A preview reads anew each time: it holds no lock.
        """
        with self.facts(preview=preview) as facts:
            connection = facts.connection
            if connection is None:
                yield replace(facts, planned=planned)
                return
            known = None if preview else self._known
            known = self._read_known(connection) if known is None else known
            yield Remembered(connection, facts.version, planned, known=known, answers=self._answers)

    def _read_known(self, connection: Connection) -> dict[Key, Definition]:
        """Read the whole catalog, and keep it unless something ran meanwhile."""
        with self._making:
            runs, known = self._runs, catalog.read_all(connection)
            self._known, self._answers = known, {}
        if runs != self._runs:
            self._known = None
        return known

    def run_together(self, entries: Sequence[Entry]) -> dict[Key, Definition]:
        """Apply plans of new objects in one transaction; return the definitions of what was made."""
        self._hold()
        with self._making:
            found = bulk.run_together(self.runner, entries)
            made = {entry.key: found[entry.key] for entry in entries}
            self._snapshot = None
            if self._known is not None:
                self._known.update(made)
        return made

    def read(self, key: Key) -> Definition | None:
        """Return the object's definition as the database has it now."""
        with self.connections.take() as connection, translating(f"reading {key.name}"):
            return catalog.read(connection, key)

    def read_back(self, key: Key, label: str) -> Definition:
        """Return the definition of an object that was just made.

        :raises StatementFailed: it is not there, or it is an index that did not become valid.
        """
        found = self.read(key)
        if found is None:
            raise StatementFailed(f"{label}: every statement succeeded, and yet the catalog does not have it")
        if found.get("valid") is False:
            raise StatementFailed(
                f"{label}: the index was built but is not valid: deploy again to rebuild it"
            )
        return found

    def read_from_snapshot(self, key: Key) -> Definition | None:
        """Return a definition from one reading of the whole catalog, for reads that follow each other."""
        return self.read_all().get(key)

    def read_all(self) -> Mapping[Key, Definition]:
        """Return every definition, from one reading for calls that follow each other."""
        with self._lock:
            now = time.monotonic()
            if self._snapshot is None or now - self._snapshot[0] > _SNAPSHOT_SECONDS:
                with self.connections.take() as connection, translating(f"reading {self.target}"):
                    found = catalog.read_all(connection)
            else:
                found = self._snapshot[1]
            self._snapshot = (now, found)
            return found

    def elsewhere(self, stack: str) -> list[tuple[str, dict[str, Any]]]:
        """Return URN and declaration of what other stacks have here."""
        with self.connections.take() as connection, translating("reading the ledger"):
            return self.runner.ledger.of_other_stacks(connection, stack)

    def note_gone(self, urn: str) -> None:
        """Write into the ledger that an object is gone."""
        with self.connections.take() as connection, translating("writing the ledger"):
            self.runner.ledger.note_gone(connection, urn)

    def close(self) -> None:
        """Let go of the deployment lock and of every connection."""
        if self._holding is not None:
            self._holding.close()
        self.connections.close()
