"""The runs of a history as courses: one quantile of one query, run by run, with what changed where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import geometric_mean

from gatepost.gates.history.changes import Change, Limits, changes
from gatepost.gates.history.records import Run
from gatepost.gates.verdict import Chart, Level, Verdict

FEWEST_RUNS = 10
"""Of a query with fewer nothing is said."""
MOST_RUNS = 200
"""Of one machine and size: older ones stay in the file, and are not looked at."""
QUANTILES = ("p50", "p95")
"""Rarer ones are not in every run."""


@dataclass(frozen=True)
class Course:
    """One quantile of one query, over runs that can be compared."""

    query: str
    quantile: str
    runs: tuple[Run, ...]
    values: tuple[float, ...]
    changes: tuple[Change, ...]

    @property
    def name(self) -> str:
        """The query with its quantile: `integrations/active_integrations p95`."""
        return f"{self.query} {self.quantile}"

    def slower(self, one: Change) -> bool:
        """Whether it became slower, and nothing since made up for it."""
        least = one.before * (1 + Limits().least)
        return min(one.after, self.changes[-1].after) >= least

    def of_one_commit(self, one: Change) -> bool:
        """Whether the runs around a change are of the same commit: then it is not the program's."""
        return self.runs[one.at - 1].commit == self.runs[one.at].commit

    def told(self, one: Change) -> str:
        """Return a change in words."""
        before, after = self.runs[one.at - 1], self.runs[one.at]
        server = f"; PostgreSQL {before.server}, then {after.server}" if before.server != after.server else ""
        return (
            f"{self.name}: {one.ratio:.2f} of what it was since {after.short}, measured {after.time:%Y-%m-%d}"
            f" after {before.short}: {one.before:.3g} ms, then {one.after:.3g} ms{server}"
        )


def comparable(runs: Sequence[Run]) -> list[list[Run]]:
    """Return the latest runs machine by machine and size by size, each in their order."""
    order = dict.fromkeys(run.kept for run in runs)
    return [[run for run in runs if run.kept == kept][-MOST_RUNS:] for kept in order]


def courses_of(runs: Sequence[Run]) -> list[Course]:
    """Return the course of each quantile of each query; the runs must be comparable."""
    queries = dict.fromkeys(name for run in runs for name in run.benchmarks)
    found = (_course(query, quantile, runs) for query in queries for quantile in QUANTILES)
    return [one for one in found if one.runs]


def _course(query: str, quantile: str, runs: Sequence[Run]) -> Course:
    having = tuple(run for run in runs if quantile in run.benchmarks.get(query, ()))
    values = tuple(run.benchmarks[query][quantile].head for run in having)
    found = tuple(changes(values)) if len(having) >= FEWEST_RUNS else ()
    return Course(query, quantile, having, values, found)


def charts(runs: Sequence[Run]) -> Iterator[Chart]:
    """Yield a chart a course: first those that are slower, then what changed otherwise."""
    for group in comparable(runs):
        title = f"{group[0].machine}, {group[0].rows:,} rows"
        for one in sorted(courses_of(group), key=_interest):
            yield _chart(one, title)


def _interest(one: Course) -> tuple[int, int]:
    return -sum(map(one.slower, one.changes)), -len(one.changes)


def _chart(one: Course, title: str) -> Chart:
    names = tuple(f"{run.short}, {run.time:%Y-%m-%d %H:%M}, PostgreSQL {run.server}" for run in one.runs)
    first = one.changes[0].before if one.changes else geometric_mean(one.values)
    levels = [Level(0, first), *(_level(one, change) for change in one.changes)]
    return Chart(one.name, title, names, one.values, tuple(levels))


def _level(course: Course, one: Change) -> Level:
    verdict = Verdict.FAIL if course.slower(one) else Verdict.PASS
    return Level(one.at, one.after, f"{one.ratio:.2f} of before since {course.runs[one.at].short}", verdict)
