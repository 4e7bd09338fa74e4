"""The targets that gates hold: each stands here once, and benchmarks, verification and documents read it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """The most that a measurement may be."""

    what: str
    limit: float
    unit: str

    def holds(self, measured: float) -> bool:
        """Return whether `measured`, in the target's unit, is within it."""
        return measured <= self.limit


INDEXED_QUERY = Target("an indexed query under row security", 5.0, "ms")
NOTHING_TO_DO = Target("`gatepost up` with nothing to do, for 150 resources and more", 1.0, "s")
