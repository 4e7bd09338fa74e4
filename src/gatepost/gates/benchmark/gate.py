"""The benchmark gate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gatepost.gates.benchmark.arms import Arms, deployed
from gatepost.gates.benchmark.concerned import concerned
from gatepost.gates.benchmark.questions import queries_of, query_benchmarks
from gatepost.gates.benchmark.recording import Compared, run_of
from gatepost.gates.benchmark.series import LIMIT, settled
from gatepost.gates.gate import Site
from gatepost.gates.history.records import FILE, append, require_writable
from gatepost.gates.verdict import Outcome, Row, Trial, Verdict, worst
from gatepost.release.commits import exists, of_working_tree, resolve

ROWS = 20_000
MINUTES = 6
_NOTHING = ("nothing to compare", "no query uses anything that changed")


class BenchmarkGate:
    """Every query of every feature, base against head, in one run on one server."""

    name = "benchmark"
    about = "no query of a feature is slower than at the base, as far as this run can tell"
    options: Mapping[str, str] = {
        "base": "the commit to compare with; main where nothing else is said",
        "rows": f"of the largest tables, beside reference data; 0 leaves the seeds'; {ROWS:,}",
        "minutes": f"for measuring; what has not told by then is inconclusive; {MINUTES}",
        "every_query": "true times queries too that use nothing that changed, as a history wants them; false",
        "history": f"the file that the run is added to; {FILE}",
    }
    of_deployed = False

    def judge(self, site: Site) -> Outcome:
        """Compare the working tree with its base, and add the run to the history."""
        ref, rows = str(site.option("base", "main")), int(site.option("rows", ROWS))
        if not exists(site.root, ref):
            return _no_baseline(site.root, ref)
        file = site.root / site.option("history", FILE)
        require_writable(file)
        compared = Compared(of_working_tree(site.root), resolve(site.root, ref), rows)
        with deployed(site.root, ref, rows, site.tell) as arms:
            minutes = float(site.option("minutes", MINUTES))
            every = query_benchmarks(arms)
            timed = every if site.option("every_query", False) else concerned(every, arms.targets)
            series = settled(timed, minutes, site.tell)
            found = [*unpaired(arms), *(row for one in series for row in one.rows())]
            append(file, run_of(series, compared, arms))
        return outcome(found, ref, len(every) - len(timed))

    def self_test(self, folder: Path) -> Iterator[Trial]:
        """Compare a database with itself, with a slower query, and with too little data."""
        from gatepost.gates.benchmark.trials import trials

        del folder
        return trials()


def _no_baseline(root: Path, ref: str) -> Outcome:
    figure = f'no baseline: there is no commit "{ref}" in {root}'
    evidence = "fetch it, in a shallow clone with its history, or name another one with --base"
    return Outcome(BenchmarkGate.name, Verdict.INCONCLUSIVE, figure, LIMIT, (evidence,))


def unpaired(arms: Arms) -> list[Row]:
    """Return a row for each query that only one of both has."""
    base, head = queries_of(arms.base), queries_of(arms.head)
    rows = [Row(name, Verdict.INCONCLUSIVE, "gone from head", LIMIT) for name in base if name not in head]
    return rows + [Row(name, Verdict.PASS, "new in head", LIMIT) for name in head if name not in base]


def outcome(rows: Sequence[Row], ref: str, alike: int = 0) -> Outcome:
    """Return the verdict on all rows; without a comparison there is none.

    :param alike: how many queries more are the same in base and head, with all that they use.
    """
    measured = [row for row in rows if row.interval]
    judged = [row for row in rows if row.interval or row.verdict is not Verdict.PASS]
    verdict = worst([*(row.verdict for row in judged), *[Verdict.PASS] * bool(alike)])
    evidence = [f"{len(measured)} quantiles of head against {ref}, taken in pairs on one server"]
    evidence += [f"{alike} queries use nothing that changed: they were not timed"] * bool(alike)
    evidence += [f"{row.name}: {row.figure}" for row in rows if not row.interval]
    told = max((row for row in judged if row.verdict is verdict), key=_estimate, default=None)
    figure = f"{told.name}: {told.figure}" if told else _NOTHING[bool(alike)]
    return Outcome(BenchmarkGate.name, verdict, figure, LIMIT, tuple(evidence), rows=tuple(rows))


def _estimate(row: Row) -> float:
    return row.interval.estimate if row.interval else 0.0
