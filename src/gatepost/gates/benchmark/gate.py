"""The benchmark gate."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import groupby, islice
from pathlib import Path

import psycopg

from gatepost.gates.benchmark import statistics
from gatepost.gates.benchmark.arms import Arms, deployed
from gatepost.gates.benchmark.sampling import Subject, rounds
from gatepost.gates.benchmark.statistics import Comparison, Limits, Round
from gatepost.gates.gate import Site
from gatepost.gates.verdict import Outcome, Row, Trial, Verdict, worst
from gatepost.queries import Query, load
from gatepost.subjects import subjects_of

_PAIRS = 20
"""Pairs that are taken on one pair of connections."""
_ROUNDS = (12, 24, 48)
"""So many rounds at first, and so many where they do not tell."""
_LIMIT = "no query surely slower"


class BenchmarkGate:
    """Every query of every feature, base against head, in one run on one server."""

    name = "benchmark"
    about = "no query of a feature is slower than at the base, as far as this run can tell"
    options: Mapping[str, str] = {
        "base": "the commit to compare with; main where nothing else is said",
        "minutes": "after so many, a query that does not tell at once is inconclusive; 6",
    }

    def judge(self, site: Site) -> Outcome:
        """Compare the working tree with its base."""
        ref = str(site.option("base", "main"))
        with (
            tempfile.TemporaryDirectory(prefix="gatepost-benchmark-") as folder,
            deployed(site.root, ref, Path(folder), site.tell) as arms,
        ):
            return outcome(compared(arms, site), ref)

    def self_test(self, folder: Path) -> Iterator[Trial]:
        """Compare a database with itself, with a slower query, and with too little data."""
        from gatepost.gates.benchmark.trials import trials

        return trials(folder)


def compared(arms: Arms, site: Site) -> list[Row]:
    """Return a row a quantile of each query that both have, and one for each that only one of them has."""
    until = time.monotonic() + 60 * float(site.option("minutes", 6))
    base, head = _queries(arms.base), _queries(arms.head)
    rows = [Row(name, Verdict.INCONCLUSIVE, "gone from head", _LIMIT) for name in base if name not in head]
    rows += [Row(name, Verdict.PASS, "new in head", _LIMIT) for name in head if name not in base]
    with psycopg.connect(arms.base_url, autocommit=True) as connection:
        for feature, queries in _by_feature(base).items():
            subjects = subjects_of(arms.base / "schema" / feature, queries.values(), connection)
            for name in (one for one in queries if one in head):
                site.tell(name)
                asked = Subject(base[name], subjects), Subject(head[name], subjects)
                enough = _ROUNDS if time.monotonic() < until else _ROUNDS[:1]
                rows += compare(name, arms.urls, asked, enough)
    return rows


def compare(
    name: str,
    urls: tuple[str, str],
    subjects: tuple[Subject, Subject],
    numbers: Sequence[int] = _ROUNDS,
) -> list[Row]:
    """Return a row a quantile of one query; pairs are taken until they tell, or `numbers` of rounds are."""
    order = random.Random(name)  # noqa: S311 - only an order
    taken = list[Round]()
    found = list[Comparison]()
    with closing(rounds(urls, subjects, _PAIRS, order)) as coming:
        for wanted in numbers:
            taken += islice(coming, wanted - len(taken))
            found = statistics.compare(taken, Limits())
            if Verdict.INCONCLUSIVE not in {one.verdict for one in found}:
                break
    return [_row(name, one) for one in found]


def _row(name: str, one: Comparison) -> Row:
    return Row(
        f"{name} p{one.quantile * 100:g}",
        one.verdict,
        f"{one.ratio.estimate:.2f} of base ({one.ratio.low:.2f} to {one.ratio.high:.2f})",
        f"{1 + Limits().tolerance:g}, from {one.detectable:.2f} on it is noticed",
        one.ratio,
    )


def outcome(rows: list[Row], ref: str) -> Outcome:
    """Return the verdict on all rows; without a comparison there is none."""
    measured = [row for row in rows if row.interval]
    missing = [row for row in rows if row.verdict is Verdict.INCONCLUSIVE and not row.interval]
    slowest = max(measured, key=lambda row: row.interval.estimate if row.interval else 0.0, default=None)
    verdict = worst(row.verdict for row in (*measured, *missing))
    evidence = [f"{len(measured)} quantiles of head against {ref}, taken in pairs on one server"]
    evidence += [f"{row.name}: {row.figure}" for row in rows if not row.interval]
    figure = f"{slowest.name}: {slowest.figure}" if slowest else "nothing to compare"
    return Outcome(BenchmarkGate.name, verdict, figure, _LIMIT, tuple(evidence), rows=tuple(rows))


def _queries(project: Path) -> dict[str, Query]:
    folders = sorted((project / "schema").glob("*/queries"))
    return {f"{one.parent.name}/{name}": query for one in folders for name, query in load(one).items()}


def _by_feature(queries: dict[str, Query]) -> dict[str, dict[str, Query]]:
    ordered = groupby(queries.items(), key=lambda item: item[0].partition("/")[0])
    return {feature: dict(items) for feature, items in ordered}
