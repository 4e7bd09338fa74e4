"""How long a client waits while a table of a million rows changes, and how long with the naive statement."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from availability import SEQUENCES, Releases, naively, populated, safely
from pytest_benchmark.fixture import BenchmarkFixture
from servers import Server

from gatepost import targets

ROWS = 1_000_000


@pytest.fixture(scope="module")
def deploy(server: Server, roles: tuple[str, ...]) -> Iterator[Releases]:
    """One table that takes all the changes one after another."""
    with server.database() as database, populated(database, ROWS) as made:
        yield made


@pytest.mark.parametrize("name", SEQUENCES)
def test_longest_wait(benchmark: BenchmarkFixture, deploy: Releases, name: str) -> None:
    met = benchmark.pedantic(safely, [deploy, name, ROWS], rounds=1)
    naive = naively(deploy, name, ROWS)
    limit = targets.LONGEST_WAIT
    benchmark.extra_info |= {
        "what": f"{name}: a client waits {met} at most, with the naive statement {naive}; deployed",
        "target": f"{limit.limit:g} {limit.unit} for a client",
    }
    assert met.errors == []
    assert limit.holds(met.longest)
