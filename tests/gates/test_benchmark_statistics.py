"""What the benchmark gate concludes from times that are known."""

from __future__ import annotations

import os
import time

import numpy
import pytest

from gatepost.gates.benchmark.sampling import ArmFailed
from gatepost.gates.benchmark.series import settled
from gatepost.gates.benchmark.statistics import LOOKS, Limits, Round, compare
from gatepost.gates.benchmark.timing import timer
from gatepost.gates.verdict import Verdict


class Drawn:
    """Rounds whose pairs are drawn from a lognormal distribution; `slower` is head's factor."""

    name = "drawn"

    def __init__(self, slower: float, seed: int, spread: float = 0.1) -> None:
        self.slower, self.spread = slower, spread
        self.random = numpy.random.default_rng(seed)
        self.taken = 0

    def round(self) -> Round:
        self.taken += 1
        luck = numpy.exp(self.random.normal(0, 0.03, size=(1, 2)))
        times = numpy.exp(self.random.normal(0, self.spread, size=(40, 2))) * luck * (1.0, self.slower)
        return [(base, head) for base, head in times]


def verdicts(slower: float, number: int, looks: tuple[int, ...] = LOOKS) -> list[Verdict]:
    found = settled([Drawn(slower, seed) for seed in range(number)], 5, lambda _: None, looks)
    rows = [[row.verdict for row in one.rows()] for one in found]
    return [Verdict.FAIL if Verdict.FAIL in one else max(one, key=lambda v: v != "pass") for one in rows]


@pytest.mark.parametrize(
    ("slower", "expected"), [(1.0, Verdict.PASS), (0.8, Verdict.PASS), (1.2, Verdict.FAIL)]
)
def test_rounds_are_taken_until_they_tell(slower: float, expected: Verdict) -> None:
    assert set(verdicts(slower, 20)) == {expected}


def test_looking_again_and_again_raises_no_more_alarms() -> None:
    """At a true 5 % each alarm is a false one: the error, 0.002, is for all looks together."""
    assert verdicts(1.05, 60, LOOKS[:3]).count(Verdict.FAIL) <= 2


def test_an_interval_holds_the_truth() -> None:
    missed = 0
    for seed in range(200):
        drawn = Drawn(1.1, seed)
        found = compare([drawn.round() for _ in range(LOOKS[0])], Limits(error=0.05 * len(LOOKS)))
        missed += sum(1 for one in found if not one.ratio.low <= 1.1 <= one.ratio.high)
    # Of 400 intervals that may each miss once in twenty, 20 would; more than 34 in one of a thousand tests.
    assert missed <= 34


def test_a_rare_quantile_needs_samples() -> None:
    drawn = Drawn(1.0, 1, spread=0.02)
    rounds = [drawn.round() for _ in range(96)]
    assert [one.quantile for one in compare(rounds[:12], Limits())] == [0.5, 0.95]
    assert [one.quantile for one in compare(rounds, Limits())] == [0.5, 0.95, 0.99]


def test_who_tells_early_gets_no_more_rounds() -> None:
    clear, unclear = Drawn(1.5, 1), Drawn(1.075, 2)
    settled([clear, unclear], 5, lambda _: None, LOOKS[:2])
    assert (clear.taken, unclear.taken) == LOOKS[:2]


def test_when_the_time_is_over_nothing_is_concluded() -> None:
    [series] = settled([Drawn(1.0, 1)], 0, lambda _: None)
    [row] = series.rows()
    assert (row.verdict, row.interval) == (Verdict.INCONCLUSIVE, None)
    assert "give it more minutes" in row.figure


@pytest.mark.parametrize(("arm", "verdict"), [("head", Verdict.FAIL), ("base", Verdict.INCONCLUSIVE)])
def test_what_an_arm_refuses(arm: str, verdict: Verdict) -> None:
    import psycopg

    class Refused(Drawn):
        def round(self) -> Round:
            raise ArmFailed(arm, psycopg.ProgrammingError("no such column"))

    [series] = settled([Refused(1.0, 1)], 5, lambda _: None)
    [row] = series.rows()
    assert (row.verdict, row.figure) == (verdict, f"cannot be run in {arm}: no such column")


@pytest.mark.parametrize(
    ("with_client", "low", "high"), [(False, 0.0, 5.0), (True, 15.0, 60.0)], ids=["server", "both"]
)
def test_a_client_s_own_work_counts_when_asked(with_client: bool, low: float, high: float) -> None:
    def work() -> None:
        until = time.thread_time() + 0.02
        while time.thread_time() < until:
            pass

    with timer(os.getppid(), with_client=with_client) as timed:
        assert low <= timed.milliseconds(work) <= high


def test_a_wait_counts() -> None:
    with timer(os.getppid()) as timed:
        assert timed.milliseconds(lambda: time.sleep(0.02)) >= 15
