"""300 tables deployed by the Pulumi CLI, beside the embedded engine: the same program on the same server."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.test_many_tables import timed
from fix_workspace import Workspace, make_workspace, share
from pytest_benchmark.fixture import BenchmarkFixture
from servers import Server

PROGRAM = f"""
import sys

sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from benchmarks.test_many_tables import tables

tables(300)(pulumi.ResourceOptions(provider=target))
"""
TABLES = "select count(*) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"


def deployed(server: Server, root: Path, engine: str) -> tuple[float, float]:
    """Return the seconds of a first deployment and of one with nothing to do."""
    root.mkdir()
    (root / "backend").mkdir()
    with server.database() as database:
        workspace = make_workspace(root, database)
        share(workspace)
        workspace.write(PROGRAM)
        first, again = (timed(lambda: up(workspace, engine)) for _ in range(2))
        assert workspace.sql(TABLES) == [(300,)]
    return first, again


def up(workspace: Workspace, engine: str) -> None:
    workspace.run("up", "--yes", "--engine", engine, seconds=1800)


@pytest.mark.pulumi_cli
def test_many_tables_by_the_cli(benchmark: BenchmarkFixture, server: Server, tmp_path: Path) -> None:
    found = {engine: deployed(server, tmp_path / engine, engine) for engine in ("cli", "embedded")}
    benchmark.pedantic(lambda: None, rounds=1)
    first, again = (cli / own for cli, own in zip(found["cli"], found["embedded"], strict=True))
    benchmark.extra_info |= {
        "what": "300 tables by the Pulumi CLI, in the time of the embedded engine",
        "figure": f"{first:.1f} times ({found['cli'][0]:.1f} s beside {found['embedded'][0]:.1f} s)",
        "nothing_to_do": f"{again:.1f} times ({found['cli'][1]:.1f} s beside {found['embedded'][1]:.1f} s)",
    }
    assert first > 1, "the engine that is made for it is not the quicker one"
