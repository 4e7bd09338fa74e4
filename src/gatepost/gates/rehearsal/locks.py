"""Which locks a deployment held on tables, and for how long, seen from beside it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import psycopg

_EVERY = 0.005
"""Seconds between two looks: what is held for less may go unseen, and harms nobody."""
_HELD = """
    select l.pid, n.nspname || '.' || c.relname, l.mode
    from pg_locks as l
    join pg_class as c on c.oid = l.relation
    join pg_namespace as n on n.oid = c.relnamespace
    where l.granted and l.database = (select oid from pg_database where datname = current_database())
    and l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
    and c.relkind in ('r', 'p', 'm') and n.nspname not in ('pg_catalog', 'pg_toast', 'gatepost')
"""
"""Locks that keep writers or readers out; those of the catalog and of our own ledger concern no client."""
_TABLES = """
    select n.nspname || '.' || c.relname
    from pg_class as c
    join pg_namespace as n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'm')
"""


@dataclass
class LockWatch:
    """Looks on while the block runs; afterwards `longest` has the seconds by table and mode."""

    url: str
    longest: dict[tuple[str, str], float] = field(default_factory=dict)
    _known: set[str] = field(default_factory=set)
    """The tables that were there before: on a new one nobody waits."""
    _since: dict[tuple[int, str, str], float] = field(default_factory=dict)
    _done: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> LockWatch:
        connection = psycopg.connect(self.url, autocommit=True)
        self._known = {row[0] for row in connection.execute(_TABLES)}
        self._thread = threading.Thread(target=self._watch, args=[connection], daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_error: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._done.set()
        if self._thread:
            self._thread.join()

    def _watch(self, connection: psycopg.Connection[Any]) -> None:
        with connection:
            while not self._done.wait(_EVERY):
                self._look(connection)

    def _look(self, connection: psycopg.Connection[Any]) -> None:
        held = {tuple(row) for row in connection.execute(_HELD) if row[1] in self._known}
        now = time.perf_counter()
        for lock in held:
            since = self._since.setdefault(lock, now)
            place = lock[1:]
            self.longest[place] = max(self.longest.get(place, 0.0), now - since)
        for gone in [lock for lock in self._since if lock not in held]:
            del self._since[gone]
