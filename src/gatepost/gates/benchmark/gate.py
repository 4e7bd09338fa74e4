"""The benchmark gate."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

import psycopg

from gatepost.gates.benchmark.arms import Arms, deployed
from gatepost.gates.benchmark.sampling import Benchmark, QueryBenchmark, Subject
from gatepost.gates.benchmark.series import LIMIT, settled
from gatepost.gates.gate import Site
from gatepost.gates.verdict import Outcome, Row, Trial, Verdict, worst
from gatepost.queries import Query, load
from gatepost.subjects import subjects_of


class BenchmarkGate:
    """Every query of every feature, base against head, in one run on one server."""

    name = "benchmark"
    about = "no query of a feature is slower than at the base, as far as this run can tell"
    options: Mapping[str, str] = {
        "base": "the commit to compare with; main where nothing else is said",
        "minutes": "for measuring; what has not told by then is inconclusive; 6",
    }
    of_deployed = False

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

        del folder
        return trials()


def compared(arms: Arms, site: Site) -> list[Row]:
    """Return a row a quantile of each query that both have, and one for each that only one of them has."""
    base, head = _queries(arms.base), _queries(arms.head)
    rows = [Row(name, Verdict.INCONCLUSIVE, "gone from head", LIMIT) for name in base if name not in head]
    rows += [Row(name, Verdict.PASS, "new in head", LIMIT) for name in head if name not in base]
    benchmarks = list[Benchmark]()
    with psycopg.connect(arms.base_url, autocommit=True) as connection:
        for feature, queries in _by_feature(base).items():
            subjects = subjects_of(arms.base / "schema" / feature, queries.values(), connection)
            benchmarks += [
                QueryBenchmark(
                    name, arms.urls, (Subject(base[name], subjects), Subject(head[name], subjects))
                )
                for name in queries
                if name in head
            ]
    found = settled(benchmarks, float(site.option("minutes", 6)), site.tell)
    return rows + [row for one in found for row in one.rows()]


def outcome(rows: Sequence[Row], ref: str) -> Outcome:
    """Return the verdict on all rows; without a comparison there is none."""
    measured = [row for row in rows if row.interval]
    judged = [row for row in rows if row.interval or row.verdict is not Verdict.PASS]
    verdict = worst(row.verdict for row in judged)
    evidence = [f"{len(measured)} quantiles of head against {ref}, taken in pairs on one server"]
    evidence += [f"{row.name}: {row.figure}" for row in rows if not row.interval]
    told = max((row for row in judged if row.verdict is verdict), key=_estimate, default=None)
    figure = f"{told.name}: {told.figure}" if told else "nothing to compare"
    return Outcome(BenchmarkGate.name, verdict, figure, LIMIT, tuple(evidence), rows=tuple(rows))


def _estimate(row: Row) -> float:
    return row.interval.estimate if row.interval else 0.0


def _queries(project: Path) -> dict[str, Query]:
    folders = sorted((project / "schema").glob("*/queries"))
    return {f"{one.parent.name}/{name}": query for one in folders for name, query in load(one).items()}


def _by_feature(queries: dict[str, Query]) -> dict[str, dict[str, Query]]:
    ordered = groupby(queries.items(), key=lambda item: item[0].partition("/")[0])
    return {feature: dict(items) for feature, items in ordered}
