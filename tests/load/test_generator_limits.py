"""Where the load generator itself ends, its times are its own: no verdict."""

from __future__ import annotations

from pathlib import Path

import pytest
from servers import Server

from gatepost.gates.verdict import Verdict
from gatepost.load.judgement import judge
from gatepost.load.run import Goal, Plan, run

SCENARIO = """
import time

from locust import task

from gatepost import targets
from gatepost.load.users import DatabaseUser


class Busy(DatabaseUser):
    @task
    def work(self):
        with self.timed("work", targets.DATABASE_RESPONSE):
            {work}
"""
WORK = {
    "works": "while time.thread_time() % 0.002 < 0.0019: pass",
    "waits": "time.sleep(0.01)",
}


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize(
    ("kind", "expected"), [("works", Verdict.INCONCLUSIVE), ("waits", Verdict.PASS)], ids=["works", "waits"]
)
def test_a_saturated_generator_gives_no_verdict(
    tmp_path: Path, server: Server, kind: str, expected: Verdict, processes: int
) -> None:
    (tmp_path / "loadtests").mkdir()
    (tmp_path / "loadtests/busy.py").write_text(SCENARIO.format(work=WORK[kind]))
    plan = Plan(users=4 * processes, duration=4, processes=processes)
    result = run(tmp_path, plan, Goal(server.superuser_url))
    outcome = judge(result)
    assert result.saturated == (kind == "works")
    assert (outcome.verdict, any("whole processor" in one for one in outcome.evidence)) == (
        expected,
        kind == "works",
    )
