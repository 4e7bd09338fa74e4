"""The platform's own queries on a filled server: against themselves, and doing so much more work in head."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy
from records import Records, Run

from gatepost.gates.benchmark.arms import deployed
from gatepost.gates.benchmark.gate import outcome
from gatepost.gates.benchmark.questions import query_benchmarks
from gatepost.gates.benchmark.sampling import Asked, QueryBenchmark
from gatepost.gates.benchmark.series import settled

Tell = Callable[[str], None]
ROWS = 20_000
MINUTES = 0.25
"""That one run may take."""
_NUMBER = 20
_FIRST = 300
_ROUNDS = 6
_CORRECTIONS = 3
_MILLISECONDS = (0.03, 1.0)
"""Queries that take so long are tried: of slower ones a run would take minutes."""
_MORE = """
    with more as materialized (select count(*) as n from generate_series(1, {n}))
    select q.* from ({q}
    ) as q, more
"""


@dataclass
class Calibrated:
    """A query, and how many rows it must count beside to take so much longer."""

    benchmark: QueryBenchmark
    milliseconds: float
    by_row: float
    rows: dict[float, int] = field(default_factory=dict)

    def slower(self, share: float, number: int) -> QueryBenchmark:
        if share not in self.rows:
            self.rows[share] = self._rows(share) if share else 0
        return _with_work(self.benchmark, self.rows[share], f"{self.benchmark.name} {share} {number}")

    def _rows(self, share: float) -> int:
        """Find out by measuring: the first rows cost less than the thousandth."""
        rows = round(share * self.milliseconds / self.by_row)
        for _ in range(_CORRECTIONS):
            base, head = _medians(_with_work(self.benchmark, rows, self.benchmark.name))
            found = max(head / base - 1, share / 4)
            rows = max(1, round(rows * share / found))
        return rows


def _medians(one: QueryBenchmark) -> tuple[float, float]:
    base, head = numpy.median([one.round() for _ in range(_ROUNDS)], axis=(0, 1))
    return float(base), float(head)


def _with_work(one: QueryBenchmark, rows: int, name: str) -> QueryBenchmark:
    base, head = (_counting(asked, number) for asked, number in zip(one.asked, (0, rows), strict=True))
    return QueryBenchmark(name, one.urls, (base, head))


def _counting(asked: Asked, rows: int) -> Asked:
    sql = _MORE.format(n=rows, q=asked.query.sql)
    return replace(asked, query=replace(asked.query, sql=sql))


def calibrated(one: QueryBenchmark) -> Calibrated | None:
    """Measure a query with work beside it; None where it is too slow, or is no query to begin with."""
    if not one.asked[0].query.sql.lstrip().lower().startswith("select"):
        return None
    base, head = _medians(_with_work(one, _FIRST, one.name))
    if not _MILLISECONDS[0] <= base <= _MILLISECONDS[1]:
        return None
    return Calibrated(one, base, max(head - base, base / 100) / _FIRST)


@contextmanager
def subjects(root: Path, number: int, tell: Tell) -> Iterator[list[Calibrated]]:
    with deployed(root, "HEAD", ROWS, tell) as arms:
        every = query_benchmarks(arms)
        found = list[Calibrated]()
        for one in every[:: max(1, len(every) // (2 * number))]:
            tell(f"calibrating {one.name}")
            if (made := calibrated(one)) is not None:
                found.append(made)
        yield found[:number]


def measure(root: Path, wanted: dict[str, tuple[float, int]], records: Records, tell: Tell) -> None:
    """Make the runs that are missing; `wanted` has the share and the number of runs of each kind."""
    if not any(list(records.missing(kind, number)) for kind, (_, number) in wanted.items()):
        return
    with subjects(root, _NUMBER, tell) as found:
        for kind, (share, number) in wanted.items():
            for place in records.missing(kind, number):
                tell(f"{kind}: run {place + 1} of {number}")
                records.add(_run(kind, place, share, found[place % len(found)]))


def _run(kind: str, place: int, share: float, one: Calibrated) -> Run:
    started = time.perf_counter()
    [series] = settled([one.slower(share, place)], MINUTES, lambda _: None)
    said = outcome(series.rows(), "itself")
    ratio = series.found[0].ratio.estimate if series.found else None
    seconds = round(time.perf_counter() - started, 2)
    return Run(kind, place, one.benchmark.name, "benchmark", said.verdict, said.figure, seconds, ratio)
