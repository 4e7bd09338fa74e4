"""How long operations took in this process, and how they ended."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from datetime import UTC, datetime
from threading import Lock

from services.post_collectives.models import Outcome
from services.post_collectives.reports import OperationTimes, PerformanceMetrics

_KEPT = 2000
"""Times of each kind of operation from which percentiles are taken."""


class Measurements:
    """Counts since the start, and times of the newest operations; for any number of threads."""

    def __init__(self) -> None:
        self._since = datetime.now(UTC)
        self._counts: dict[str, Counter[str]] = defaultdict(Counter)
        self._times: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=_KEPT))
        self._lock = Lock()

    def add(self, action: str, outcome: Outcome, milliseconds: float) -> None:
        """Add one operation."""
        with self._lock:
            self._counts[action][outcome] += 1
            self._times[action].append(milliseconds)

    def summary(self) -> PerformanceMetrics:
        """Return all of it."""
        with self._lock:
            operations = {action: self._summed(action) for action in sorted(self._counts)}
        every = sum(one.count for one in operations.values())
        refused = sum(one.refused for one in operations.values())
        failed = sum(one.failed for one in operations.values())
        return PerformanceMetrics(
            since=self._since,
            operations=operations,
            success_rate_percent=percent(every - refused - failed, every),
            error_rate_percent=percent(failed, every),
        )

    def _summed(self, action: str) -> OperationTimes:
        counts, times = self._counts[action], sorted(self._times[action])
        return OperationTimes(
            count=counts.total(),
            refused=counts["refused"],
            failed=counts["failed"],
            mean_ms=round(sum(times) / len(times), 3),
            max_ms=round(times[-1], 3),
            **{f"p{share}_ms": round(_percentile(times, share), 3) for share in (50, 95, 99)},
        )


def _percentile(ordered: list[float], share: int) -> float:
    return ordered[min(len(ordered) - 1, len(ordered) * share // 100)]


def percent(part: float, whole: float) -> float | None:
    """Return the share in percent, None of nothing."""
    return round(100 * part / whole, 3) if whole else None
