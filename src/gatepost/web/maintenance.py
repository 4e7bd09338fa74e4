"""Maintenance mode: while the application says so, only services and health checks get through."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Lock

from gatepost.session import Database, SessionError

Ask = Callable[[Database], str | None]
"""Returns the message for people while the platform is in maintenance, else None."""
_log = logging.getLogger("gatepost.web")


class Maintenance:
    """Asks at most once in `seconds`; an answer that cannot be had changes nothing."""

    def __init__(self, database: Database, ask: Ask | None, seconds: float = 1.0) -> None:
        self._database, self._ask, self._seconds = database, ask, seconds
        self._lock = Lock()
        self._asked = 0.0
        self._message: str | None = None

    def message(self) -> str | None:
        """Return what to tell people, None in normal operation."""
        if self._ask is None:
            return None
        with self._lock:
            if time.monotonic() - self._asked >= self._seconds:
                self._refresh(self._ask)
            return self._message

    def _refresh(self, ask: Ask) -> None:
        try:
            self._message = ask(self._database)
        except SessionError as error:
            _log.warning("nobody can tell whether this is maintenance: %s", type(error).__name__)
        self._asked = time.monotonic()
