"""Somebody sets the machine's clock during a load test: times and rates stay what they are."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest
from servers import Server

from gatepost.gates.verdict import Verdict
from gatepost.load.judgement import judge
from gatepost.load.run import Goal, Plan, run

LIBRARY = Path(f"/usr/lib/{platform.machine()}-linux-gnu/faketime/libfaketime.so.1")
SCENARIO = """
import os
import time
from pathlib import Path

from locust import task

from gatepost import targets
from gatepost.load.users import DatabaseUser

CLOCK, DAYS, STARTED = Path("{clock}"), ("+0d", "+3d", "-3d", "+0d"), time.perf_counter()


class Asking(DatabaseUser):
    @task
    def ask(self):
        own = CLOCK.with_suffix(f".{{os.getpid()}}")
        own.write_text(DAYS[min(3, int((time.perf_counter() - STARTED) / 2))])
        own.replace(CLOCK)
        with self.timed("ask", targets.DATABASE_RESPONSE):
            time.sleep(0.02)
        with self.timed(f"on day {{int(time.time() / 86400)}}", targets.DATABASE_RESPONSE):
            pass
"""


@pytest.mark.skipif(not LIBRARY.exists(), reason="sets a clock by Debian's libfaketime")
@pytest.mark.parametrize("processes", [1, 2])
def test_times_and_rates_do_not_go_by_a_clock_that_is_set(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    (clock := tmp_path / "clock").write_text("+0d")
    for name, text in {
        "LD_PRELOAD": str(LIBRARY),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }.items():
        monkeypatch.setenv(name, text)
    (tmp_path / "loadtests").mkdir()
    (tmp_path / "loadtests/asking.py").write_text(SCENARIO.format(clock=clock))
    plan = Plan(users=4 * processes, duration=10, processes=processes)
    result = run(tmp_path, plan, Goal(server.superuser_url))
    found = {one.name: one for one in result.requests}
    assert len(found) >= 4, "three different days, else no clock was set"
    assert found["ask"].quantile(0.01) >= 20
    assert found["ask"].quantile(1) < 10_000
    assert 9 < result.seconds < 30
    assert judge(result).verdict is Verdict.PASS
