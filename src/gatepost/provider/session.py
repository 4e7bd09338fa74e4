"""A provider's work on its database: facts for plans, the runner, the catalog read back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from gatepost.errors import StatementFailed
from gatepost.postgres import catalog
from gatepost.postgres.catalog import Definition, Facts, Key
from gatepost.postgres.connect import Connections, DatabaseMissing, RoleMissing, Target, translating
from gatepost.postgres.plan import Plan
from gatepost.postgres.runner import Runner

if TYPE_CHECKING:
    from gatepost.postgres.connect import Connection

_SNAPSHOT_SECONDS = 2.0
"""A pause this long between two reads ends a refresh."""


@dataclass
class Session:
    """One deployment's work on one database; connects when first needed."""

    target: Target
    _lock: Lock = field(default_factory=Lock)
    _holding: Connection | None = None
    _snapshot: tuple[float, dict[Key, Definition]] | None = None

    def __post_init__(self) -> None:
        self.connections = Connections(self.target)
        self.runner = Runner(self.connections)

    @contextmanager
    def facts(self, *, preview: bool) -> Iterator[Facts]:
        """Lend what a plan asks of the target.

        In a preview a database that is yet to be made, or whose owner is, is empty.
        """
        try:
            with self.connections.take() as connection, translating(f"reading {self.target}"):
                yield Facts(connection, connection.info.server_version)
        except (DatabaseMissing, RoleMissing):
            if not preview:
                raise
            yield Facts()

    def run(self, plan: Plan, label: str, urn: str, operation: str) -> None:
        """Apply a plan while holding the database's deployment lock, which is kept until `close`."""
        with self._lock:
            if self._holding is None or self._holding.closed:
                self._holding = self.runner.hold_lock()
            self._snapshot = None
        self.runner.run(plan, label, urn, operation)

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
        with self._lock:
            now = time.monotonic()
            if self._snapshot is None or now - self._snapshot[0] > _SNAPSHOT_SECONDS:
                with self.connections.take() as connection, translating(f"reading {self.target}"):
                    found = catalog.read_all(connection)
            else:
                found = self._snapshot[1]
            self._snapshot = (now, found)
            return found.get(key)

    def note_gone(self, urn: str) -> None:
        """Write into the ledger that an object is gone."""
        with self.connections.take() as connection, translating("writing the ledger"):
            self.runner.ledger.note_gone(connection, urn)

    def close(self) -> None:
        """Let go of the deployment lock and of every connection."""
        if self._holding is not None:
            self._holding.close()
        self.connections.close()
