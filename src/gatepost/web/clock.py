"""The clock of a process that serves: jobs of the application, done again and again beside its requests."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import TypeAlias

from gatepost.session import Database
from gatepost.web.problems import reason

_PATIENCE = 2.0
"""Seconds that the end of the process waits for a job; the server cancels what it left."""
_log = logging.getLogger("gatepost.web")


@dataclass(frozen=True)
class Surroundings:
    """What jobs work with."""

    database: Database
    server_log: str = ""
    """The files of the database server's log as a pattern, such as `/var/log/postgresql/*.json`."""

    def server_logs(self) -> list[Path]:
        """Return the files of the server's log that are there now."""
        return [Path(name) for name in sorted(glob(self.server_log))]


Job: TypeAlias = Callable[[Surroundings], None]
"""What is called; it may raise."""


class Clock:
    """Does every job at once and then every so many seconds, until the block ends.

    Several processes may do the same: a job says itself how it goes with that. One that fails is logged and
    done again the next time; no other waits for that.
    """

    def __init__(self, jobs: Mapping[str, Job], around: Surroundings, every: float) -> None:
        self._jobs, self._around, self._every = jobs, around, every
        self._is_over = Event()
        self._thread = Thread(target=self._run, name="jobs", daemon=True)

    def _run(self) -> None:
        while not self._is_over.is_set():
            for name, job in self._jobs.items():
                self._do(name, job)
            self._is_over.wait(self._every)

    def _do(self, name: str, job: Job) -> None:
        try:
            job(self._around)
        except Exception as error:  # noqa: BLE001 (whatever it is, it is logged and the clock goes on)
            if not self._is_over.is_set():
                _log.error("job %s failed: %s", name, reason(error))

    def __enter__(self) -> Clock:
        if self._jobs:
            self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        if self._thread.is_alive():
            self._thread.join(_PATIENCE)
