"""From what a load test measured to a verdict, with the certainty that the numbers allow."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.stats import binomtest

from gatepost.gates.verdict import Outcome, Row, Verdict, worst
from gatepost.load.result import Requests, Result

GATE = "load"
SURE = 0.95


@dataclass(frozen=True)
class Limits:
    """What a run may show."""

    slow: float = 0.05
    """The share of requests that may be slower than their target: it holds at the 95th percentile."""
    failed: float = 0.01
    """The share of requests that may fail."""


def judge(result: Result, limits: Limits | None = None) -> Outcome:
    """Return the verdict; of a generator that had no time left itself no time counts, only failures do.

    A share is judged by its exact 95 % interval (Clopper and Pearson): under the limit as a whole it passes,
    over it as a whole it fails, and in between there were too few requests to tell.
    """
    given = limits or Limits()
    timed = [row for one in result.requests if (row := _times(one, given))]
    failures = _failures(result, given)
    evidence = [f"{result.count} requests in {result.seconds:.0f} s, {result.rate:.0f} a second"]
    verdict = worst(row.verdict for row in (*timed, failures))
    if result.saturated:
        evidence.append("the load generator used its whole processor: more --processes, or fewer users")
        verdict = Verdict.FAIL if failures.verdict is Verdict.FAIL else Verdict.INCONCLUSIVE
    evidence += result.errors[:10]
    rows = [*timed, failures]
    shown = next((row for row in rows if row.verdict is verdict), failures)
    limit = f"{given.slow:.0%} slower than their target, {given.failed:.0%} failed"
    return Outcome(GATE, verdict, f"{shown.name}: {shown.figure}", limit, tuple(evidence), rows=tuple(rows))


def _times(one: Requests, limits: Limits) -> Row | None:
    if one.limit is None:
        return None
    verdict = verdict_of(one.slower_than(one.limit), one.count, limits.slow)
    figure = ", ".join(f"p{share * 100:g} {one.quantile(share):.2f}" for share in (0.5, 0.95, 0.99))
    return Row(one.name, verdict, f"{figure} ms", f"{one.limit:g} ms")


def _failures(result: Result, limits: Limits) -> Row:
    failed = sum(one.failures for one in result.requests)
    verdict = verdict_of(failed, result.count, limits.failed)
    return Row("failures", verdict, f"{failed} of {result.count} requests", f"{limits.failed:.0%}")


def verdict_of(bad: int, count: int, allowed: float) -> Verdict:
    """Return the verdict on a share of bad ones among `count`."""
    if not count:
        return Verdict.INCONCLUSIVE
    interval = binomtest(bad, count).proportion_ci(SURE, method="exact")
    if interval.low > allowed:
        return Verdict.FAIL
    return Verdict.PASS if interval.high <= allowed else Verdict.INCONCLUSIVE
