"""Where in a series of times the level changed: E-divisive means, judged by Student's t-test.

A stretch is cut where the energy distance between what is left and right of the cut is largest; the cut stays
when both sides differ significantly, and each side is searched in turn. The cuts that come of it are weak:
each was found before its neighbours were. So they are judged again between their neighbours, the weakest is
dropped, and the rest judged anew, until all that are left hold.

Times differ by factors, so it is logarithms that are compared.

Source: Matteson and James, "A nonparametric approach for multiple change point analysis of multivariate data"
(2014); Fleming et al., "Hunter: using change point detection to hunt for performance regressions" (2023), the
method of Apache Otava.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy
from numpy.typing import NDArray

Series = NDArray[numpy.float64]
FEWEST = 3
"""A level has at least so many runs: a single slow run is none."""
_SMALLEST_SPREAD = 0.001
"""Runs never agree better than this, whatever three of them say."""
_WEAK = 10
"""How much more likely chance may be for a cut whose neighbours are not known yet."""


@dataclass(frozen=True)
class Limits:
    """Which changes are told."""

    least: float = 0.05
    """A smaller change, up or down, is none."""
    error: float = 0.001
    """The probability of a change in a series that has none."""


@dataclass(frozen=True)
class Change:
    """A new level: typical values before and after, up to the neighbouring changes."""

    at: int
    """The first value of the new level."""
    before: float
    after: float
    chance: float
    """The probability that a series without a change looks like this somewhere."""

    @property
    def ratio(self) -> float:
        """After in multiples of before."""
        return self.after / self.before

    @property
    def size(self) -> float:
        """How far the ratio is from one, the same for twice as slow and twice as fast."""
        return math.exp(abs(math.log(self.ratio))) - 1


def changes(values: Sequence[float], limits: Limits | None = None) -> list[Change]:
    """Return the changes of level in a series of positive values, in their order."""
    wanted, logs = limits or Limits(), numpy.log(numpy.asarray(values, dtype=numpy.float64))
    cuts = sorted(_cuts(logs, 0, len(logs), _WEAK * wanted.error))
    while found := _judged(logs, cuts):
        weakest = max(found, key=lambda one: one.chance)
        if weakest.chance <= wanted.error:
            weakest = min(found, key=lambda one: one.size)
            if weakest.size >= wanted.least:
                return found
        cuts.remove(weakest.at)
    return []


def _judged(logs: Series, cuts: Sequence[int]) -> list[Change]:
    """Return each cut between its neighbours."""
    bounds = [0, *cuts, len(logs)]
    return [
        Change(at, *_levels(logs[start:at], logs[at:end]), _chance(logs[start:at], logs[at:end]))
        for (start, at), (_, end) in pairwise(pairwise(bounds))
    ]


def _levels(left: Series, right: Series) -> tuple[float, float]:
    return math.exp(left.mean()), math.exp(right.mean())


def _cuts(logs: Series, start: int, end: int, error: float) -> Iterator[int]:
    if end - start < 2 * FEWEST:
        return
    at, until = _best_cut(logs[start:end])
    if _chance(logs[start : start + at], logs[start + at : start + until]) > error:
        return
    yield from _cuts(logs, start, start + at, error)
    yield start + at
    yield from _cuts(logs, start + at, end, error)


def _best_cut(values: Series) -> tuple[int, int]:
    """Return the cut, and the end right of it, for which the energy distance of both sides is largest."""
    number = len(values)
    sums = numpy.zeros((number + 1, number + 1))
    sums[1:, 1:] = numpy.abs(values[:, None] - values).cumsum(axis=0).cumsum(axis=1)
    cut, end = numpy.arange(number + 1)[:, None], numpy.arange(number + 1)
    allowed = (cut >= FEWEST) & (end - cut >= FEWEST)
    left, right = numpy.where(allowed, cut, FEWEST), numpy.where(allowed, end - cut, FEWEST)
    own = numpy.diag(sums)
    across = 2 * (sums - own[:, None]) / (left * right)
    within_left = own[:, None] / (left * (left - 1))
    within_right = (own - 2 * sums + own[:, None]) / (right * (right - 1))
    distance = left * right / (left + right) * (across - within_left - within_right)
    place = numpy.where(allowed, distance, -numpy.inf).argmax()
    at, until = numpy.unravel_index(place, distance.shape)
    return int(at), int(until)


def _chance(left: Series, right: Series) -> float:
    """Return the t-test's probability, for all places together at which the cut could have been."""
    from scipy.stats import t

    number = len(left) + len(right)
    free = number - 2
    squares = float(((left - left.mean()) ** 2).sum() + ((right - right.mean()) ** 2).sum())
    spread = max(math.sqrt(squares / free), _SMALLEST_SPREAD)
    apart = abs(float(right.mean() - left.mean())) / (spread * math.sqrt(1 / len(left) + 1 / len(right)))
    return min(1.0, 2 * float(t.sf(apart, free)) * number)
