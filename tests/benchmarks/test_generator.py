"""What one process of the load generator reaches of pgbench's rate: same transaction, same connections."""

from __future__ import annotations

import os
import statistics
from pathlib import Path

from benchmarks.asker import QUERY
from benchmarks.test_session import SCRIPT, pgbench
from fix_platform import PROJECT, Deployed
from people import ACME, ADA
from pytest_benchmark.fixture import BenchmarkFixture

from gatepost import targets
from gatepost.load.run import Goal, Plan, run

USERS = 4
ROUNDS = 3
SECONDS = 4.0
SCENARIO = f"""
from pathlib import Path

from locust import constant, task

from gatepost import queries, targets
from gatepost.load.users import DatabaseUser
from gatepost.session import Identity

QUERY = queries.load(Path({str(PROJECT)!r}, "schema/integrations/queries"))["active_integrations"]


class Caller(DatabaseUser):
    wait_time = constant(0)
    me = Identity.user({ADA!r})

    @task
    def look_up(self) -> None:
        with self.timed("look up", targets.DATABASE_RESPONSE) as answer:
            answer.expect(len(self.database.rows(self.me, QUERY, organization_id={ACME!r})) == 2, "not two")
"""


def test_rate_beside_pgbench(benchmark: BenchmarkFixture, platform: Deployed, tmp_path: Path) -> None:
    (tmp_path / "loadtests").mkdir()
    (tmp_path / "loadtests" / "look_up.py").write_text(SCENARIO)
    script = tmp_path / "look_up.sql"
    script.write_text(SCRIPT.format(query=QUERY.sql.replace("%(organization_id)s", ":organization::uuid")))
    url, ratios, gains = platform.url("authenticator"), list[float](), list[float]()

    def rate(processes: int) -> float:
        plan = Plan(shape="steady", users=USERS, duration=SECONDS, processes=processes)
        found = run(tmp_path, plan, Goal(url))
        assert not sum(one.failures for one in found.requests), found.errors
        return found.rate

    def compare() -> None:
        one = rate(1)
        ratios.append(pgbench(url, script, USERS) / one)
        gains.append(rate(2) / one)

    benchmark.pedantic(compare, rounds=ROUNDS)
    ratio, gain, target = statistics.median(ratios), statistics.median(gains), targets.GENERATOR
    benchmark.extra_info |= {
        "what": target.what,
        "figure": f"{ratio:.2f} times",
        "target": f"{target.limit:.2f} {target.unit}",
        "two_processes": f"{gain:.2f} times one, on {os.cpu_count()} processors",
    }
    assert target.holds(ratio)
    # one process and the server it asks take two processors
    assert gain >= 1.6 or (os.cpu_count() or 1) < 4
