"""What a load test measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Requests:
    """One kind of request of a run."""

    name: str
    count: int
    failures: int
    unanswered: int
    """Of the failures, those for which no server was there to answer."""
    times: tuple[tuple[float, int], ...]
    """Milliseconds, exactly, and how often each was; ascending."""
    limit: float | None
    """The target in milliseconds."""

    def quantile(self, share: float) -> float:
        """Return the time that this share of the requests took at most, in milliseconds; 0 of none."""
        wanted, seen = share * sum(number for _, number in self.times), 0
        for milliseconds, number in self.times:
            seen += number
            if seen >= wanted:
                return milliseconds
        return 0.0

    def slower_than(self, limit: float) -> int:
        """Return how many requests took longer than `limit` milliseconds."""
        return sum(number for milliseconds, number in self.times if milliseconds > limit)


@dataclass(frozen=True)
class Result:
    """What a run measured."""

    requests: tuple[Requests, ...]
    saturated: bool
    """Whether the generator itself had no processor time left, so that times are its own."""
    seconds: float
    errors: tuple[str, ...]
    reports: int = 0
    """How many processes told everything that they measured, where there were several."""

    @property
    def count(self) -> int:
        """How many requests there were."""
        return sum(one.count for one in self.requests)

    @property
    def unanswered(self) -> int:
        """How many requests found no server."""
        return sum(one.unanswered for one in self.requests)

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.count / self.seconds if self.seconds else 0.0


def read(document: Mapping[str, Any]) -> Result:
    """Return the result that a run wrote down."""
    requests = tuple(
        Requests(
            name,
            int(one["count"]),
            int(one["failures"]),
            int(one["unanswered"]),
            tuple((float(milliseconds), int(number)) for milliseconds, number in one["times"]),
            _milliseconds(one["limit"]),
        )
        for name, one in sorted(document["requests"].items())
    )
    return Result(
        requests,
        bool(document["saturated"]),
        float(document["seconds"]),
        tuple(document["errors"]),
        int(document["reports"]),
    )


def _milliseconds(target: Mapping[str, Any] | None) -> float | None:
    if target is None:
        return None
    return float(target["limit"]) * (1000 if target["unit"] == "s" else 1)
