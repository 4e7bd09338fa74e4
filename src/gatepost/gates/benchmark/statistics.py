"""How much slower one set of times is than another, and how sure that is.

Times of two arms are measured in pairs, one right after the other, so that what the machine does otherwise
concerns both. Pairs of one round share their connections, and with them where the processes ran: they are no
independent witnesses, so whole rounds are resampled, as a cluster bootstrap does it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy
from numpy.typing import NDArray

from gatepost.gates.verdict import Interval, Verdict

Times = NDArray[numpy.float64]
Round = Sequence[tuple[float, float]]
"""Pairs of one round, base and head, in any unit; all rounds are equally long."""
QUANTILES = (0.5, 0.95)
FEWEST = 8
"""With fewer rounds there is nothing to judge by."""
_RESAMPLES = 1_999
_POWER = 0.8


@dataclass(frozen=True)
class Limits:
    """What is slower, and how sure one must be of it."""

    tolerance: float = 0.05
    """A change up to this is none: two copies of one database differ by a few per cent."""
    margin: float = 0.10
    """A change beyond this must not land."""
    error: float = 0.002
    """The probability that an interval misses the truth, on either side together."""


@dataclass(frozen=True)
class Comparison:
    """One quantile of head in multiples of base's."""

    quantile: float
    ratio: Interval
    detectable: float
    """The smallest true ratio that would be noticed four times out of five."""
    verdict: Verdict


def compare(rounds: Sequence[Round], limits: Limits, seed: int = 1) -> list[Comparison]:
    """Return the comparison of each quantile; of too few rounds every one is inconclusive."""
    if len(rounds) < FEWEST:
        nothing = Interval(0.0, math.nan, math.inf)
        return [Comparison(one, nothing, math.inf, Verdict.INCONCLUSIVE) for one in QUANTILES]
    times = numpy.asarray(rounds, dtype=numpy.float64)
    chosen = numpy.random.default_rng(seed).integers(len(rounds), size=(_RESAMPLES, len(rounds)))
    return [_compare(times, chosen, one, limits) for one in QUANTILES]


def _compare(times: Times, chosen: NDArray[numpy.int64], quantile: float, limits: Limits) -> Comparison:
    resampled = numpy.array([_log_ratio(times[rounds], quantile) for rounds in chosen])
    low, high = numpy.quantile(resampled, (limits.error / 2, 1 - limits.error / 2))
    ratio = Interval(*(math.exp(one) for one in (low, _log_ratio(times, quantile), high)))
    sure = NormalDist().inv_cdf(1 - limits.error / 2) + NormalDist().inv_cdf(_POWER)
    detectable = (1 + limits.tolerance) * math.exp(sure * float(resampled.std(ddof=1)))
    return Comparison(quantile, ratio, detectable, verdict_of(ratio, limits))


def _log_ratio(times: Times, quantile: float) -> float:
    base, head = numpy.quantile(times.reshape(-1, 2), quantile, axis=0)
    return math.log(head / base)


def verdict_of(ratio: Interval, limits: Limits) -> Verdict:
    """Return `fail` when it is surely slower than tolerated, `pass` when it surely is within the margin."""
    if ratio.low > 1 + limits.tolerance:
        return Verdict.FAIL
    return Verdict.PASS if ratio.high <= 1 + limits.margin else Verdict.INCONCLUSIVE
