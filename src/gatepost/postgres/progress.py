"""What is seen of a statement that takes long: how far an index has come, whom a lock is waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, cast

from gatepost.errors import GatepostError
from gatepost.postgres.catalog import query

if TYPE_CHECKING:
    from gatepost.postgres.connect import Connection, Target

FIRST_SECONDS = 1.0
"""Nothing is asked about a statement that ends sooner."""


@dataclass(frozen=True)
class Progress:
    """A moment of a running statement, or of waiting for its lock."""

    seconds: float
    """Since it began."""
    phase: str = ""
    done: int = 0
    total: int = 0
    waits_for: str = ""
    """Who holds the lock, where it waits for one."""

    def __str__(self) -> str:
        words = [self.phase] if self.phase else []
        if self.total > 0:
            words.append(f"{min(100, 100 * self.done // self.total)} %")
        if self.waits_for:
            words.append(f"waits for {self.waits_for}")
        return ", ".join([*words, f"{self.seconds:.0f} s"])


OnProgress = Callable[[str, Progress], None]
"""Called with a resource's URN and what is seen of its statement, from any thread."""


def unseen(_urn: str, _progress: Progress) -> None:
    """Report to nobody."""


class Watch:
    """Looks at another connection's statement while the block runs; it connects only if that takes long."""

    def __init__(self, target: Target, process: int, tell: Callable[[Progress], None]) -> None:
        # The statistics of a process are shown to its own login role, which `set role` is not.
        self._target = replace(target, role=None)
        self._process = process
        self._tell = tell
        self._ended = Event()
        self._thread = Thread(target=self._look, name="gatepost-progress", daemon=True)

    def __enter__(self) -> Watch:
        self._started = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        import psycopg

        from gatepost.postgres.connect import connect

        if self._ended.wait(FIRST_SECONDS):
            return
        # Whoever only watches never makes a deployment fail.
        with suppress(psycopg.Error, GatepostError), connect(self._target) as connection:
            while not self._ended.wait(0.5):
                self._tell(self._seen(connection))

    def _seen(self, connection: Connection) -> Progress:
        seconds = time.monotonic() - self._started
        row = connection.execute(query("progress"), {"pid": self._process}).fetchone()
        if row is None:
            return Progress(seconds)
        phase, done, total, waits, blockers = cast("tuple[Any, ...]", row)
        waits_for = str(blockers or "") if waits else ""
        return Progress(seconds, str(phase or ""), int(done or 0), int(total or 0), waits_for)
