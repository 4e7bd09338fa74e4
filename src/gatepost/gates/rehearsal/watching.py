"""What a deployment does to others, seen from beside it: locks held, clients that wait, long statements."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import psycopg

from gatepost.errors import ServerUnreachable
from gatepost.gates.rehearsal.sampling import query

_EVERY = 0.005
"""Seconds between two looks: what is shorter may go unseen, and harms nobody."""
_TABLES = """
    select n.nspname || '.' || c.relname
    from pg_class as c
    join pg_namespace as n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'm')
"""
Place = tuple[str, str]
"""A table and the mode of a lock on it."""


@dataclass
class Watch:
    """Looks on while the block runs; afterwards it has the longest times, in seconds."""

    url: str
    held: dict[Place, float] = field(default_factory=dict)
    """Locks that keep readers or writers out, by table and mode."""
    waited: dict[str, float] = field(default_factory=dict)
    """Clients that waited for the deployment, by table."""
    statements: dict[str, float] = field(default_factory=dict)
    """Statements of the deployment that lasted long enough to be seen."""
    _known: set[str] = field(default_factory=set)
    """The tables that were there before: on a new one nobody waits."""
    _done: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _error: psycopg.Error | None = None

    def __enter__(self) -> Watch:
        connection = psycopg.connect(self.url, autocommit=True, application_name="gatepost watch")
        self._known = {row[0] for row in connection.execute(_TABLES)}
        self._thread = threading.Thread(target=self._watch, args=[connection], daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_error: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._done.set()
        if self._thread:
            self._thread.join()
        if self._error:
            raise ServerUnreachable(f"the copy's server went away during the rehearsal: {self._error}")

    def _watch(self, connection: psycopg.Connection[Any]) -> None:
        since: dict[tuple[int, str, str], float] = {}
        try:
            with connection:
                while not self._done.wait(_EVERY):
                    self._look(connection, since)
        except psycopg.Error as error:
            self._error = error

    def _look(self, connection: psycopg.Connection[Any], since: dict[tuple[int, str, str], float]) -> None:
        rows = connection.execute(query("activity")).fetchall()
        now, held = time.perf_counter(), set()
        for what, pid, name, detail, seconds in rows:
            if what == "statement":
                self.statements[name] = max(self.statements.get(name, 0.0), seconds)
            elif name in self._known and what == "wait":
                self.waited[name] = max(self.waited.get(name, 0.0), seconds)
            elif name in self._known:
                lock = (pid, name, detail)
                held.add(lock)
                place = (name, detail)
                self.held[place] = max(self.held.get(place, 0.0), now - since.setdefault(lock, now))
        for gone in [lock for lock in since if lock not in held]:
            del since[gone]
