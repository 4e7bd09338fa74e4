"""How much slower one set of times is than another, and how sure that is, whenever one looks.

Times of two arms are measured in pairs, one right after the other, so that what the machine does otherwise
concerns both. Pairs of one round share their connections, and with them where the processes ran: they are no
independent witnesses, so whole rounds are resampled, as a cluster bootstrap does it. With as few rounds as
there are at first, Student's quantile replaces the normal one.

Rounds are added until they tell. Whoever looks several times is wrong more often than at one look, so looks
are planned (`LOOKS`) and each has its share of the error (Bonferroni): with the probability `1 - error` the
interval of every look holds the truth, so one may stop at any of them, for whatever reason.
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
Counts = NDArray[numpy.int64]
Round = Sequence[tuple[float, float]]
"""Pairs of one round, base and head, in any unit; all rounds are equally long."""
QUANTILES = (0.5, 0.95)
"""Each must tell."""
RARE = 0.99
"""Looked at too, where there are enough samples; it may fail, and need not tell."""
_FEWEST_BEYOND = 20
"""With fewer samples beyond a quantile nothing is said of it."""
LOOKS = (12, 24, 48, 96, 192)
"""After how many rounds one looks."""
_RESAMPLES = 400
_POWER = 0.8


@dataclass(frozen=True)
class Limits:
    """What is slower, and how sure one must be of it."""

    tolerance: float = 0.05
    """A change up to this is none: two copies of one database differ by a few per cent."""
    margin: float = 0.10
    """A change beyond this must not land."""
    error: float = 0.002
    """The probability that the interval of any look misses the truth, on either side together."""


@dataclass(frozen=True)
class Comparison:
    """One quantile of head in multiples of base's."""

    quantile: float
    ratio: Interval
    detectable: float
    """The smallest true ratio that would be noticed four times out of five."""
    base: float
    """The quantile at base, in the unit of the times."""
    head: float
    verdict: Verdict


def compare(rounds: Sequence[Round], limits: Limits, seed: int = 1) -> list[Comparison]:
    """Return the comparison of each quantile; too few rounds to look at all give none."""
    if len(rounds) < LOOKS[0]:
        return []
    times = numpy.asarray(rounds, dtype=numpy.float64)
    generator = numpy.random.default_rng(seed)
    drawn = generator.multinomial(len(rounds), [1 / len(rounds)] * len(rounds), size=_RESAMPLES)
    found = [_compare(times, drawn, one, limits) for one in QUANTILES]
    if times.shape[0] * times.shape[1] * (1 - RARE) >= _FEWEST_BEYOND:
        rare = _compare(times, drawn, RARE, limits)
        found += [rare] if rare.verdict is not Verdict.INCONCLUSIVE else []
    return found


def _compare(times: Times, drawn: Counts, quantile: float, limits: Limits) -> Comparison:
    from scipy.stats import t

    base, head = numpy.quantile(times.reshape(-1, 2), quantile, axis=0)
    estimate = math.log(head / base)
    resampled = numpy.log([_resampled(times[:, :, arm], drawn, quantile) for arm in (0, 1)])
    spread = float((resampled[1] - resampled[0]).std(ddof=1))
    sure = float(t.ppf(1 - limits.error / len(LOOKS) / 2, len(times) - 1))
    low, high = estimate - sure * spread, estimate + sure * spread
    ratio = Interval(*(math.exp(one) for one in (low, estimate, high)))
    detectable = (1 + limits.tolerance) * math.exp((sure + NormalDist().inv_cdf(_POWER)) * spread)
    return Comparison(quantile, ratio, detectable, float(base), float(head), verdict_of(ratio, limits))


def _resampled(times: Times, drawn: Counts, quantile: float) -> Times:
    """Return an arm's quantile in each resample; `drawn` says how often it has each round."""
    order = times.argsort(axis=None)
    weights = drawn[:, order // times.shape[1]].cumsum(axis=1)
    places = (weights >= quantile * weights[:, -1:]).argmax(axis=1)
    found: Times = times.ravel()[order][places]
    return found


def verdict_of(ratio: Interval, limits: Limits) -> Verdict:
    """Return `fail` when it is surely slower than tolerated, `pass` when it surely is within the margin."""
    if ratio.low > 1 + limits.tolerance:
        return Verdict.FAIL
    return Verdict.PASS if ratio.high <= 1 + limits.margin else Verdict.INCONCLUSIVE
