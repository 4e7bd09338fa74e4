"""The runs of a history as courses: one quantile of one query, run by run, with what changed where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import geometric_mean

from gatepost.gates.history.changes import Change, Limits, changes
from gatepost.gates.history.records import Run, Times
from gatepost.gates.verdict import Chart, Level, Verdict

FEWEST_RUNS = 10
"""Of a query with fewer nothing is said."""
MOST_RUNS = 200
"""Of one machine and size: older ones stay in the file, and are not looked at."""
QUANTILES = ("p50", "p95")
"""Rarer ones are not in every run."""


@dataclass(frozen=True)
class Group:
    """Runs that can be compared, in their order: on one kind of machine, at one size."""

    runs: tuple[Run, ...]
    yardstick: str | None
    """The base that they share, if enough do: what the machine does to head, it does to base as well."""

    def __str__(self) -> str:
        """Return what they have in common."""
        base = f", against {self.yardstick[:10]}" if self.yardstick else ""
        return f"{self.runs[0].machine}, {self.runs[0].rows:,} rows{base}"

    def value(self, times: Times) -> float:
        """Return what is compared: head in multiples of the yardstick, else in milliseconds."""
        return times.head / times.base if self.yardstick else times.head

    @property
    def unit(self) -> str:
        """Of the values."""
        return "of base" if self.yardstick else "ms"


def comparable(runs: Sequence[Run]) -> list[Group]:
    """Return the latest runs of each group."""
    sharing = Counter((run.kept, run.base) for run in runs)
    found = dict[tuple[object, str | None], list[Run]]()
    for run in runs:
        shared = sharing[run.kept, run.base] >= FEWEST_RUNS
        found.setdefault((run.kept, run.base if shared else None), []).append(run)
    return [Group(tuple(group[-MOST_RUNS:]), base) for (_, base), group in found.items()]


@dataclass(frozen=True)
class Course:
    """One quantile of one query, over the runs of a group that have it."""

    query: str
    quantile: str
    runs: tuple[Run, ...]
    values: tuple[float, ...]
    unit: str
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
            f" after {before.short}: {one.before:.3g} {self.unit}, then {one.after:.3g} {self.unit}{server}"
        )


def courses_of(group: Group) -> list[Course]:
    """Return the course of each quantile of each query."""
    queries = dict.fromkeys(name for run in group.runs for name in run.benchmarks)
    found = (_course(query, quantile, group) for query in queries for quantile in QUANTILES)
    return [one for one in found if one.runs]


def _course(query: str, quantile: str, group: Group) -> Course:
    having = tuple(run for run in group.runs if quantile in run.benchmarks.get(query, ()))
    values = tuple(group.value(run.benchmarks[query][quantile]) for run in having)
    found = tuple(changes(values)) if len(having) >= FEWEST_RUNS else ()
    return Course(query, quantile, having, values, group.unit, found)


def charts(runs: Sequence[Run]) -> Iterator[Chart]:
    """Yield a chart a course: first those that are slower, then what changed otherwise."""
    for group in comparable(runs):
        for one in sorted(courses_of(group), key=_interest):
            yield _chart(one, str(group))


def _interest(one: Course) -> tuple[int, int]:
    return -sum(map(one.slower, one.changes)), -len(one.changes)


def _chart(one: Course, title: str) -> Chart:
    names = tuple(f"{run.short}, {run.time:%Y-%m-%d %H:%M}, PostgreSQL {run.server}" for run in one.runs)
    first = one.changes[0].before if one.changes else geometric_mean(one.values)
    levels = [Level(0, first), *(_level(one, change) for change in one.changes)]
    return Chart(one.name, title, names, one.values, one.unit, tuple(levels))


def _level(course: Course, one: Change) -> Level:
    verdict = Verdict.FAIL if course.slower(one) else Verdict.PASS
    return Level(one.at, one.after, f"{one.ratio:.2f} of before since {course.runs[one.at].short}", verdict)
