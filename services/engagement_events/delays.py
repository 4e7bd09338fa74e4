"""How long news took, of late."""

from __future__ import annotations

from collections import deque
from threading import Lock

_KEPT = 2_000


class Delays:
    """The last 2,000 delays, in milliseconds, from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: deque[float] = deque(maxlen=_KEPT)

    def add(self, milliseconds: float) -> None:
        """Remember one."""
        with self._lock:
            self._kept.append(milliseconds)

    def percentiles(self) -> dict[str, float]:
        """Return `p50`, `p95` and `p99` in milliseconds by nearest rank; empty where there is none."""
        with self._lock:
            kept = sorted(self._kept)
        if not kept:
            return {}
        return {f"p{share}": round(kept[-(-len(kept) * share // 100) - 1], 2) for share in (50, 95, 99)}
