"""Outcomes as one self-contained page, with a chart of what was measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files

from gatepost.gates.verdict import Interval, Outcome, Row, Verdict, worst

_WIDTH, _HEIGHT = 260, 16
_LOW, _HIGH = 0.5, 2.0
"""The ratios at the ends of a chart."""


def as_html(outcomes: Sequence[Outcome], title: str, made: datetime) -> str:
    """Return the page."""
    from jinja2 import Environment

    from gatepost.gates.plots import plot

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.globals |= {"bar": bar, "ends": (_LOW, _HIGH), "size": (_WIDTH, _HEIGHT), "plot": plot}
    page = environment.from_string((files("gatepost.gates") / "report.html").read_text(encoding="utf-8"))
    verdict = worst(one.verdict for one in outcomes)
    return page.render(outcomes=outcomes, title=title, made=made, verdict=verdict, ordered=ordered)


def ordered(rows: Sequence[Row]) -> list[Row]:
    """Return rows with what did not pass first, the slowest before others."""
    return sorted(rows, key=lambda row: (row.verdict is Verdict.PASS, -_estimate(row.interval)))


def _estimate(interval: Interval | None) -> float:
    return interval.estimate if interval else 0.0


def bar(interval: Interval) -> dict[str, float]:
    """Return where an interval begins, ends and has its estimate, in pixels; 1 is where nothing changed."""
    low, high = (_place(one) for one in (interval.low, interval.high))
    return {"low": low, "width": max(high - low, 1.0), "at": _place(interval.estimate), "one": _place(1.0)}


def _place(ratio: float) -> float:
    held = min(max(ratio, _LOW), _HIGH)
    return round(_WIDTH * math.log(held / _LOW) / math.log(_HIGH / _LOW), 1)
