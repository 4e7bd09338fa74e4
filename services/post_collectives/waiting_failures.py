"""Failures on their way into the audit log: while the database cannot be had, they wait in memory."""

from __future__ import annotations

import json
import logging
import time
from collections import deque
from threading import Lock
from typing import Any

from psycopg.types.json import Jsonb

from gatepost.session import Database, Identity, Invalid, SessionError
from services.post_collectives.queries import QUERIES
from services.post_collectives.reports import LocalLog

_MOST = 10_000
_SECONDS_AT_END = 2.0
"""That the end of the process waits for what is not written down yet."""
_log = logging.getLogger("gatepost.post_collectives")
Waiting = tuple[dict[str, Any], LocalLog]


class WaitingFailures:
    """Writes failures down, the oldest first; for any number of threads, of which one writes at a time.

    What can never be written down is in the process's own log instead.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[Waiting] = deque()
        self._lost = 0
        self._writing = Lock()

    @property
    def not_recorded(self) -> int:
        """How many failures of this process the audit log does not have."""
        return len(self._waiting) + self._lost

    def add(self, row: dict[str, Any], entry: LocalLog) -> None:
        """Write a failure down, now or as soon as the database can be had."""
        self._waiting.append((row, entry))
        self.write()
        while len(self._waiting) > _MOST:
            self._lose("there are too many")

    def write(self, until: float = float("inf")) -> None:
        """Write down what waits; nobody waits for another thread that does."""
        while self._waiting and self._writing.acquire(blocking=False):
            try:
                if not self._write_first() or time.monotonic() > until:
                    return
            finally:
                self._writing.release()

    def write_or_log(self) -> None:
        """Write down what waits, for two seconds at most, and log what is left: the process ends."""
        self.write(time.monotonic() + _SECONDS_AT_END)
        while self._waiting:
            self._lose("the process ends")

    def _write_first(self) -> bool:
        if not self._waiting:
            return True
        row, entry = self._waiting[0]
        try:
            self._database.rows(Identity.service(), QUERIES["record_failure"], **row)
        except Invalid as problem:
            self._lose(type(problem).__name__)
            return True
        except SessionError as problem:
            _log.error(
                "%d operations are not in the audit log yet, the oldest is %s: %s",
                len(self._waiting),
                entry.operation_id,
                type(problem).__name__,
            )
            return False
        entry.is_recorded = True
        self._waiting.popleft()
        return True

    def _lose(self, why: str) -> None:
        row, _ = self._waiting.popleft()
        self._lost += 1
        plain = {name: value.obj if isinstance(value, Jsonb) else value for name, value in row.items()}
        _log.error("an operation is not in the audit log (%s): %s", why, json.dumps(plain, default=str))
