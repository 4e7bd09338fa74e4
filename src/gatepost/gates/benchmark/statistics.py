"""How much slower one set of times is than another, and how sure that is.

Times of two arms are measured in pairs, one right after the other, so that what the machine does otherwise
concerns both. A pair is resampled as a whole.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy
from numpy.typing import NDArray
from scipy.stats import bootstrap, norm

from gatepost.gates.verdict import Interval, Verdict

Times = NDArray[numpy.float64]
QUANTILES = (0.5, 0.95)
FEWEST = 30
"""With fewer pairs there is nothing to judge by."""
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


def compare(base: Sequence[float], head: Sequence[float], limits: Limits, seed: int = 1) -> list[Comparison]:
    """Return the comparison of each quantile; of too few pairs every one is inconclusive.

    :param base, head: times in any unit, paired by their place.
    """
    if len(base) != len(head):
        raise ValueError(f"times come in pairs: got {len(base)} of base and {len(head)} of head")
    if len(base) < FEWEST:
        nothing = Interval(0.0, math.nan, math.inf)
        return [Comparison(one, nothing, math.inf, Verdict.INCONCLUSIVE) for one in QUANTILES]
    return [_compare(numpy.asarray(base), numpy.asarray(head), one, limits, seed) for one in QUANTILES]


def _compare(base: Times, head: Times, quantile: float, limits: Limits, seed: int) -> Comparison:
    def log_ratio(of_base: Times, of_head: Times, axis: int = -1) -> Any:
        return numpy.log(
            numpy.quantile(of_head, quantile, axis=axis) / numpy.quantile(of_base, quantile, axis=axis)
        )

    found = bootstrap(
        (base, head),
        log_ratio,
        paired=True,
        vectorized=True,
        n_resamples=1_999,
        confidence_level=1 - limits.error,
        method="percentile",
        rng=numpy.random.default_rng(seed),
    )
    low, high = found.confidence_interval
    ratio = Interval(*(float(numpy.exp(one)) for one in (low, log_ratio(base, head), high)))
    sure = norm.ppf(1 - limits.error / 2) + norm.ppf(_POWER)
    detectable = (1 + limits.tolerance) * float(numpy.exp(sure * found.standard_error))
    return Comparison(quantile, ratio, detectable, verdict_of(ratio, limits))


def verdict_of(ratio: Interval, limits: Limits) -> Verdict:
    """Return `fail` when it is surely slower than tolerated, `pass` when it surely is within the margin."""
    if ratio.low > 1 + limits.tolerance:
        return Verdict.FAIL
    return Verdict.PASS if ratio.high <= 1 + limits.margin else Verdict.INCONCLUSIVE
