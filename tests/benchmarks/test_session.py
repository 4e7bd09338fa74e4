"""What `gatepost.session` reaches of the rate that pgbench reaches with the same prepared statements.

Both run in turn on one server, several times: the median of the ratios counts.
"""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.asker import QUERY
from fix_platform import Deployed
from people import ACME, ADA
from pytest_benchmark.fixture import BenchmarkFixture

from gatepost import targets
from gatepost.postgres.binaries import find_binaries

SECONDS = 2.0
ROUNDS = 5
ASKER = Path(__file__).with_name("asker.py")
SCRIPT = r"""
\startpipeline
select
    set_config('role', 'authenticated', true), set_config('request.jwt.claims', :claims, true),
    set_config('app.user_id', '', true), set_config('app.organization_id', '', true);
{query};
\endpipeline
"""
CLAIMS = json.dumps({"sub": ADA, "role": "authenticated"})


def pgbench(url: str, script: Path, clients: int) -> float:
    """Transactions a second; identity and query travel in one pipeline, as ours do."""
    command = [
        *(str(find_binaries().program("pgbench")), "--no-vacuum", "--protocol=prepared"),
        *(f"--client={clients}", f"--jobs={clients}", f"--time={SECONDS:g}", f"--file={script}"),
        *("-D", f"claims={CLAIMS}", "-D", f"organization={ACME}", url),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
    assert found, done.stdout + done.stderr
    return float(found[1])


def ours(url: str, processes: int) -> float:
    """Look-ups a second of so many processes, each with one connection."""
    command = [sys.executable, str(ASKER), url, ADA, ACME, str(SECONDS)]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    for one in started:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    for one in started:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    return sum(float(one.communicate()[0]) for one in started)


@pytest.mark.parametrize(("clients", "target"), [(1, targets.ONE_CONNECTION), (4, targets.FOUR_CONNECTIONS)])
def test_rate_beside_pgbench(
    benchmark: BenchmarkFixture, platform: Deployed, tmp_path: Path, clients: int, target: targets.Target
) -> None:
    script = tmp_path / "look_up.sql"
    script.write_text(SCRIPT.format(query=QUERY.sql.replace("%(organization_id)s", ":organization::uuid")))
    url = platform.url("authenticator")
    ratios = []

    def compare() -> None:
        rate = ours(url, clients)
        ratios.append(pgbench(url, script, clients) / rate)

    benchmark.pedantic(compare, rounds=ROUNDS)
    ratio = statistics.median(ratios)
    benchmark.extra_info["what"] = f"{target.what}: {ratio:.2f} times"
    benchmark.extra_info["target"] = f"{target.limit:g} {target.unit}"
    assert target.holds(ratio)
