"""How often an application asks, against pgbench with the same prepared statements in the same run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pgbench
import pytest
from fix_populated import QUERIES, Crowd
from pytest_benchmark.fixture import BenchmarkFixture

from gatepost.targets import RATE_OF_FOUR, RATE_OF_ONE, Target

ASKING = Path(__file__).with_name("asking.py")
SECONDS = 2.0
NAME = "integrations.active_integrations"


def asked(crowd: Crowd, processes: int) -> float:
    """How often so many processes of one connection asked in a second, together."""
    query, drawn = QUERIES[NAME], crowd.drawn(NAME)[0]
    arguments = query.arguments(drawn.subjects)
    given = json.dumps({"member": str(drawn.subjects["member"]), **{k: str(v) for k, v in arguments.items()}})
    command = [sys.executable, str(ASKING), crowd.url, str(query.path), str(SECONDS), given]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    return sum(int(one.communicate()[0]) for one in running) / SECONDS


@pytest.mark.parametrize(
    ("connections", "target"), [(1, RATE_OF_ONE), (4, RATE_OF_FOUR)], ids=["1 connection", "4 processes"]
)
def test_rate(benchmark: BenchmarkFixture, crowd: Crowd, connections: int, target: Target) -> None:
    drawn = crowd.drawn(NAME)[0]
    script = pgbench.script_of(QUERIES[NAME], drawn)
    before = pgbench.run(crowd.url, script, seconds=SECONDS, clients=connections).rate
    own = benchmark.pedantic(asked, (crowd, connections), rounds=1)
    after = pgbench.run(crowd.url, script, seconds=SECONDS, clients=connections).rate
    share = own / ((before + after) / 2)
    benchmark.extra_info |= {
        "what": f"{NAME} with {connections} connections, of pgbench's rate",
        "figure": f"{share:.2f} times ({own:,.0f}/s)",
        "target": f"at least {target.limit:g} times",
        "limit": f"{(before + after) / 2:,.0f}/s",
    }
    assert share >= target.limit * (1 if crowd.is_full else 0.5)
