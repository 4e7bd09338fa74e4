"""The table of what was detected, with exact intervals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from records import Run
from scipy.stats import binomtest


@dataclass(frozen=True)
class Demand:
    """What a kind of runs must come to: so many at least, of which so many may be said of wrongly."""

    runs: int
    verdict: str
    """The one that must not be missing, or must not come."""
    wrong: int
    must: bool
    """Whether runs must come to the verdict."""

    def wrong_of(self, runs: Sequence[Run]) -> int:
        return sum((one.verdict == self.verdict) != self.must for one in runs)

    def holds(self, runs: Sequence[Run]) -> bool:
        return len(runs) >= self.runs and self.wrong_of(runs) <= self.wrong


def lines(runs: Sequence[Run], demands: Mapping[str, Demand | None]) -> Iterator[str]:
    """The table in Markdown, a line a kind."""
    columns = (
        "head",
        "gate",
        "runs",
        "fail",
        "inconclusive",
        "pass",
        "error",
        "share that fails",
        "ratio",
        "allowed",
        "",
    )
    yield f"| {' | '.join(columns)} |"
    yield "|---" * len(columns) + "|"
    for kind, demand in demands.items():
        these = [one for one in runs if one.kind == kind]
        if these:
            yield _line(kind, these, demand)


def _line(kind: str, runs: Sequence[Run], demand: Demand | None) -> str:
    counts = [
        sum(one.verdict == verdict for one in runs) for verdict in ("fail", "inconclusive", "pass", "error")
    ]
    interval = binomtest(counts[0], len(runs)).proportion_ci(0.95, method="exact")
    share = f"{counts[0] / len(runs):.1%} ({interval.low:.1%} to {interval.high:.1%})"
    ratios = [one.ratio for one in runs if one.ratio is not None]
    ratio = f"{median(ratios):.3f}" if ratios else ""
    cells = [kind, runs[0].gate, str(len(runs)), *map(str, counts), share, ratio, *_demanded(demand, runs)]
    return f"| {' | '.join(cells)} |"


def _demanded(demand: Demand | None, runs: Sequence[Run]) -> tuple[str, str]:
    if demand is None:
        return "", ""
    words = f"at most {demand.wrong} {'without' if demand.must else 'with'} {demand.verdict}"
    return f"{words}, {demand.runs} runs", "✓" if demand.holds(runs) else "✗"


def holds(runs: Iterable[Run], demands: Mapping[str, Demand | None]) -> bool:
    every = list(runs)
    return all(
        demand.holds([one for one in every if one.kind == kind]) for kind, demand in demands.items() if demand
    )
