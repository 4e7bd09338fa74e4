"""The load gate: the scenarios of `loadtests/` against the stack, within their targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gatepost.gates.gate import Site
from gatepost.gates.verdict import Outcome, Trial, Verdict

if TYPE_CHECKING:
    from gatepost.load.result import Result


class LoadGate:
    """A load test's verdict as a gate."""

    name = "load"
    about = "under the load of the scenarios every request holds its target and next to none fails"
    options: Mapping[str, str] = {
        "scenarios": "files of loadtests/; all where nothing else is said",
        "shape": "smoke, steady, ramp, spike, soak or stage; steady",
        "users": "how many at most; 60",
        "duration": "seconds; 60",
        "processes": "of the load generator; 1",
        "rows": "of the largest tables of a throw-away copy that is loaded instead",
    }
    of_deployed = True

    def judge(self, site: Site) -> Outcome:
        """Run the scenarios against the stack."""
        from gatepost.addresses import api_url, embedded_server
        from gatepost.engines import choose
        from gatepost.load.measuring import Asked, measure
        from gatepost.load.run import Plan
        from gatepost.observer import Observer
        from gatepost.production import require_meant

        rows = site.option("rows", None)
        if not rows:
            require_meant(site.stack, None, "gatepost load --against")
        if server := embedded_server(site.stack):
            server.start()
        url = api_url(site.stack, choose(site.stack, None, Observer(), 8))
        plan = Plan(
            tuple(site.option("scenarios", ())),
            str(site.option("shape", "steady")),
            int(site.option("users", 60)),
            float(site.option("duration", 60)),
            int(site.option("processes", 1)),
        )
        return measure(site.stack, url, plan, Asked(int(rows) if rows else None), site.tell)

    def self_test(self, folder: Path) -> Iterator[Trial]:
        """Judge runs that are sound, slow, failing, short, empty, and of a saturated generator."""
        from gatepost.load.judgement import judge

        del folder
        for case, expected, result in (
            ("every request in time", Verdict.PASS, _ran(times=((2.0, 1000),))),
            ("one of a hundred is slow", Verdict.PASS, _ran(times=((2.0, 990), (80.0, 10)))),
            ("one of ten is slow", Verdict.FAIL, _ran(times=((2.0, 900), (80.0, 100)))),
            ("one of twenty fails", Verdict.FAIL, _ran(times=((2.0, 1000),), failures=50)),
            ("too few requests to tell", Verdict.INCONCLUSIVE, _ran(times=((2.0, 20),))),
            ("no request at all", Verdict.INCONCLUSIVE, _ran(times=())),
            ("a saturated generator", Verdict.INCONCLUSIVE, _ran(times=((2.0, 1000),), saturated=True)),
        ):
            yield Trial(self.name, case, expected, judge(result))


def _ran(*, times: tuple[tuple[float, int], ...], failures: int = 0, saturated: bool = False) -> Result:
    from gatepost.load.result import Requests, Result

    count = sum(number for _, number in times)
    requests = (Requests("look up", count, failures, 0, times, 5.0),) if count else ()
    return Result(requests, saturated, 10.0, ())
