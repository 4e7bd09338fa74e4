"""How long a person waits for `gatepost up`, imports and all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fix_platform import PROJECT, let_deployer_read_statistics
from pytest_benchmark.fixture import BenchmarkFixture
from servers import Server

from gatepost import targets

UP = [sys.executable, "-m", "gatepost", "up", "--yes", "--stack", "local", "--engine", "embedded"]


def up(environment: dict[str, str]) -> str:
    """Run it as a person does, whose Python keeps what it has compiled."""
    own = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(UP, cwd=PROJECT, env=own | environment, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def environment(fresh_server: Server, tmp_path: Path) -> dict[str, str]:
    let_deployer_read_statistics(fresh_server)
    return {
        "GATEPOST_DATABASE_URL": fresh_server.deployer_url,
        "PULUMI_BACKEND_URL": tmp_path.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "benchmark",
    }


def test_first_deployment(benchmark: BenchmarkFixture, environment: dict[str, str]) -> None:
    """Everything on an empty server, once."""
    printed = benchmark.pedantic(up, [environment], rounds=1)
    benchmark.extra_info["what"] = f"first deployment, {printed.splitlines()[-1].split()[1]} objects"
    assert "created" in printed.splitlines()[-1]


def test_nothing_to_do(benchmark: BenchmarkFixture, environment: dict[str, str]) -> None:
    """The same again, when nothing changed."""
    up(environment)
    printed = benchmark.pedantic(up, [environment], rounds=5, warmup_rounds=1)
    benchmark.extra_info |= {
        "what": targets.NOTHING_TO_DO.what,
        "target": f"{targets.NOTHING_TO_DO.limit:g} {targets.NOTHING_TO_DO.unit}",
    }
    assert "nothing to do, 18" in printed
    assert targets.NOTHING_TO_DO.holds(benchmark.stats["median"])
