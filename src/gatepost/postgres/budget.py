"""How long a plan may wait and run: a budget for each mode of statement, all of them settable."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from gatepost.errors import UsageError
from gatepost.postgres.plan import Mode


@dataclass(frozen=True)
class Budget:
    """How long a plan may wait for locks and run; seconds, unless the name says milliseconds."""

    lock_timeout_ms: int = 800
    """How long one try waits for a lock: everybody who comes later waits behind it."""
    statement_timeout_ms: int = 300_000
    """How long one of the statements that go together may run."""
    seconds: float = 60.0
    """All tries of one batch together, as long as locks are what it lacks."""
    validate_seconds: float = 7_200.0
    """How long a statement in a transaction of its own may run: nobody waits for it."""
    concurrent_seconds: float = 7_200.0
    """All tries of a concurrent statement, with its waits for older transactions."""

    left: float = math.inf
    """How much is left of the resource's own custom timeout."""

    def statement_timeout(self, mode: Mode) -> int:
        """Return the milliseconds that one statement may run."""
        others = {"separate": self.validate_seconds, "concurrent": self.concurrent_seconds}
        return _milliseconds(min(others.get(mode, self.statement_timeout_ms / 1000), self.left))

    def lock_timeout(self, mode: Mode) -> int:
        """Return the milliseconds that one try waits; nobody queues behind a concurrent statement."""
        seconds = self.lock_timeout_ms / 1000 if mode != "concurrent" else self.concurrent_seconds
        return _milliseconds(min(seconds, self.left))

    def total(self, mode: Mode) -> float:
        """Return the seconds within which a batch is tried again."""
        return min(self.concurrent_seconds if mode == "concurrent" else self.seconds, self.left)


def _milliseconds(seconds: float) -> int:
    """Return a time-out for PostgreSQL, to which 0 would be none."""
    return max(1, round(seconds * 1000))


SETTINGS = {
    "lockTimeout": ("lock_timeout_ms", 1000),
    "statementTimeout": ("statement_timeout_ms", 1000),
    "lockBudget": ("seconds", 1),
    "validateBudget": ("validate_seconds", 1),
    "concurrentBudget": ("concurrent_seconds", 1),
}
"""The provider's settings, all in seconds: the field of each and what a second is there."""


def budget_of(given: Mapping[str, Any]) -> Budget:
    """Return the budget that a provider's settings give.

    :raises UsageError: one is not a positive number of seconds.
    """
    kinds = {field.name: int if field.name.endswith("_ms") else float for field in fields(Budget)}
    found: dict[str, Any] = {}
    for name, (attribute, factor) in SETTINGS.items():
        if given.get(name) is not None:
            found[attribute] = kinds[attribute](_seconds(name, given[name]) * factor)
    return Budget(**found)


def _seconds(name: str, given: Any) -> float:
    try:
        seconds = 0.0 if isinstance(given, bool) else float(given)
    except (TypeError, ValueError):
        seconds = 0.0
    if not 0.001 <= seconds <= 2_000_000:
        raise UsageError(f"{name}: expected seconds between 0.001 and 2000000, got {given!r}")
    return seconds
