"""Where in a chart its runs and levels stand, in pixels."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from gatepost.gates.verdict import Chart, Level

WIDTH, HEIGHT = 530, 110
_LEFT, _RIGHT, _EDGE = 85, 10, 10
_ROOM = 0.05
"""The scale goes so much beyond the values."""


@dataclass(frozen=True)
class Dot:
    """One run."""

    x: float
    y: float
    about: str


@dataclass(frozen=True)
class Stretch:
    """One level, from its first run to its last one."""

    start: float
    end: float
    y: float
    level: Level


@dataclass(frozen=True)
class Plot:
    """A chart to be drawn."""

    dots: tuple[Dot, ...]
    stretches: tuple[Stretch, ...]
    scale: tuple[tuple[str, float], ...]
    """Values beside the chart, each with its height."""
    size: tuple[int, int] = (WIDTH, HEIGHT)

    @property
    def line(self) -> str:
        """All runs, as SVG has the points of a line."""
        return " ".join(f"{one.x},{one.y}" for one in self.dots)


def plot(chart: Chart) -> Plot:
    """Return where everything stands."""
    low, high = min(chart.values) * (1 - _ROOM), max(chart.values) * (1 + _ROOM)
    last = max(1, len(chart.values) - 1)

    def across(place: int) -> float:
        return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * place / last, 1)

    def up(value: float) -> float:
        return round(_EDGE + (HEIGHT - 2 * _EDGE) * (high - value) / (high - low), 1)

    dots = [
        Dot(across(place), up(value), f"{value:.3g} {chart.unit}: {run}")
        for place, (run, value) in enumerate(zip(chart.runs, chart.values, strict=True))
    ]
    ends = [*(level.first for level in chart.levels), len(chart.values)]
    stretches = [
        Stretch(across(first), across(end - 1), up(level.value), level)
        for level, (first, end) in zip(chart.levels, pairwise(ends), strict=True)
    ]
    scale = [(f"{value:.3g} {chart.unit}", up(value)) for value in (max(chart.values), min(chart.values))]
    return Plot(tuple(dots), tuple(stretches), tuple(scale))
