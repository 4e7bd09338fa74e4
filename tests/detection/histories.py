"""A history of real measurements: queries timed run by run, some of which do more work from one run on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import stdev

from slower import ROWS, Calibrated, subjects

from gatepost.gates.benchmark.recording import times_of
from gatepost.gates.benchmark.series import settled
from gatepost.gates.benchmark.statistics import LOOKS
from gatepost.gates.history.courses import Course, Group, courses_of
from gatepost.gates.history.machine import this_machine
from gatepost.gates.history.records import Run, append, read
from gatepost.gates.history.trials import commit_of

Tell = Callable[[str], None]
RUNS, SINCE = 30, 18
QUERIES, SLOWER = 4, 2
SHARE = 0.2
_MINUTES = 10
"""That one run may take."""


def measure(root: Path, file: Path, tell: Tell) -> None:
    """Add the runs that are missing."""
    made = len(read(file).runs)
    if made >= RUNS:
        return
    with subjects(root, QUERIES, tell) as found:
        for number in range(made, RUNS):
            tell(f"history: run {number + 1} of {RUNS}")
            append(file, _run(number, found))


def _run(number: int, found: list[Calibrated]) -> Run:
    shares = [SHARE if number >= SINCE and place < SLOWER else 0.0 for place in range(len(found))]
    pairs = [one.slower(share, 0) for one, share in zip(found, shares, strict=True)]
    series = settled(pairs, _MINUTES, lambda _: None, LOOKS[:1])
    times = {one.benchmark.name: times_of(told) for one, told in zip(found, series, strict=True)}
    return Run(
        time=datetime.now(UTC),
        commit=commit_of(number),
        committed=True,
        base=commit_of(0),
        rows=ROWS,
        server="18",
        machine=this_machine(),
        benchmarks=times,
    )


def lines(file: Path) -> Iterator[str]:
    """The table in Markdown: each query, compared by head in multiples of base, and by milliseconds."""
    columns = ("query", "changed", "noise of base", "found", "noise in ms", "found in ms", "")
    yield f"| {' | '.join(columns)} |"
    yield "|---" * len(columns) + "|"
    for place, (by_base, by_time) in enumerate(_courses(file)):
        changed = f"+{SHARE:.0%} since run {SINCE + 1}" if _is_slower(place) else ""
        cells = [
            by_base.name,
            changed,
            *_told(by_base),
            *_told(by_time),
            "✓" if _right(place, by_base) else "✗",
        ]
        yield f"| {' | '.join(cells)} |"


def holds(file: Path) -> bool:
    """Whether what changed, and only that, is found by multiples of base."""
    return all(_right(place, by_base) for place, (by_base, _) in enumerate(_courses(file)))


def _courses(file: Path) -> list[tuple[Course, Course]]:
    runs = read(file).runs[:RUNS]
    return list(zip(courses_of(Group(runs, commit_of(0))), courses_of(Group(runs, None)), strict=True))


def _is_slower(place: int) -> bool:
    """Whether a course, of which each query has two, is of a query that changed."""
    return place // 2 < SLOWER


def _right(place: int, by_base: Course) -> bool:
    found = [one.at for one in by_base.changes]
    return len(found) == 1 and abs(found[0] - SINCE) <= 1 if _is_slower(place) else not found


def _told(one: Course) -> tuple[str, str]:
    noise = stdev(math.log(value) for value in one.values[:SINCE])
    changes = ", ".join(f"{change.ratio:.2f} since run {change.at + 1}" for change in one.changes)
    return f"{noise:.1%}", changes or "none"
