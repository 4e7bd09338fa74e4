"""The history gate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from gatepost.gates.gate import Site
from gatepost.gates.history.judgement import NAME, judge
from gatepost.gates.history.machine import this_machine
from gatepost.gates.history.records import FILE, read
from gatepost.gates.verdict import Outcome, Trial


class HistoryGate:
    """Former runs of the benchmark gate: since which commit is a query slower."""

    name = NAME
    about = "no query is slower than it was in former runs of the benchmark gate on this kind of machine"
    options: Mapping[str, str] = {
        "history": f"the file that the benchmark gate adds its runs to; {FILE}",
        "accepted": "commits that may have made queries slower, each with the reason",
    }
    of_deployed = False

    def judge(self, site: Site) -> Outcome:
        """Look for changes in what was measured on this kind of machine."""
        history = read(site.root / site.option("history", FILE))
        return judge(history, this_machine(), site.option("accepted", {}))

    def self_test(self, folder: Path) -> Iterator[Trial]:
        """Judge histories that are flat, slower since a commit, short, of another machine, and none."""
        from gatepost.gates.history.trials import trials

        return trials(folder)
