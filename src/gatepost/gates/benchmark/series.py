"""Rounds of several benchmarks, taken until each tells or the time is over."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gatepost.gates.benchmark.sampling import ArmFailed, Benchmark
from gatepost.gates.benchmark.statistics import LOOKS, Comparison, Limits, Round, compare
from gatepost.gates.verdict import Row, Verdict

LIMIT = "no query surely slower"
Tell = Callable[[str], None]


@dataclass
class Series:
    """What was taken of one benchmark so far."""

    benchmark: Benchmark
    rounds: list[Round] = field(default_factory=list)
    found: list[Comparison] = field(default_factory=list)
    failure: ArmFailed | None = None

    @property
    def tells(self) -> bool:
        """Whether more rounds would be of no use."""
        verdicts = {one.verdict for one in self.found}
        return self.failure is not None or Verdict.FAIL in verdicts or verdicts == {Verdict.PASS}

    def extend(self, number: int, until: float) -> None:
        """Take rounds until there are so many, and look at them; leave it when the time is over before."""
        try:
            while len(self.rounds) < number:
                if time.monotonic() > until:
                    return
                self.rounds.append(self.benchmark.round())
        except ArmFailed as failure:
            self.failure = failure
        else:
            self.found = compare(self.rounds, Limits())

    def rows(self) -> list[Row]:
        """Return a row for each quantile, or one that says why there is none."""
        name = self.benchmark.name
        if self.failure:
            verdict = Verdict.FAIL if self.failure.arm == "head" else Verdict.INCONCLUSIVE
            return [Row(name, verdict, f"cannot be run in {self.failure}", LIMIT)]
        if not self.found:
            words = f"the time was over after {len(self.rounds)} of {LOOKS[0]} rounds: give it more minutes"
            return [Row(name, Verdict.INCONCLUSIVE, words, LIMIT)]
        return [_row(name, one) for one in self.found]


def settled(
    benchmarks: Sequence[Benchmark], minutes: float, tell: Tell, looks: Sequence[int] = LOOKS
) -> list[Series]:
    """Return what came of each benchmark.

    Every one is looked at before any gets more rounds; then those do that have not told yet.
    """
    until = time.monotonic() + 60 * minutes
    every = [Series(one) for one in benchmarks]
    for number in looks:
        waiting = [one for one in every if not one.tells]
        for place, one in enumerate(waiting, 1):
            if time.monotonic() > until:
                return every
            tell(f"{one.benchmark.name}: {number} rounds ({place} of {len(waiting)})")
            one.extend(number, until)
    return every


def _row(name: str, one: Comparison) -> Row:
    return Row(
        f"{name} p{one.quantile * 100:g}",
        one.verdict,
        f"{one.ratio.estimate:.2f} of base ({one.ratio.low:.2f} to {one.ratio.high:.2f})",
        f"{1 + Limits().tolerance:g}, from {one.detectable:.2f} on it is noticed",
        one.ratio,
    )
