"""What a server that goes away in the middle of a benchmark means."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gatepost.errors import ServerUnreachable
from gatepost.gates.benchmark.sampling import ArmFailed, Asked, QueryBenchmark
from gatepost.gates.benchmark.series import settled
from gatepost.postgres.cluster import SUPERUSER
from gatepost.postgres.embedded import EmbeddedServer
from gatepost.postgres.throwaway import throwaway_server
from gatepost.queries import Query

SOUND = "select 1"
GONE = "select pg_terminate_backend(pg_backend_pid())"


@pytest.fixture(scope="module")
def own_server() -> Iterator[EmbeddedServer]:
    with throwaway_server() as server:
        yield server


def benchmark(url: str, base: str, head: str) -> QueryBenchmark:
    asked = [
        Asked(Query("one", "One", sql, "postgres", index=None, parameters=(), path=Path("one.sql")))
        for sql in (base, head)
    ]
    return QueryBenchmark("ones/one", (url, url), (asked[0], asked[1]))


@pytest.mark.parametrize(("base", "head"), [(SOUND, GONE), (GONE, SOUND)], ids=["head", "base"])
def test_a_connection_that_is_lost_is_an_error_and_no_verdict(
    own_server: EmbeddedServer, base: str, head: str
) -> None:
    url = own_server.url(SUPERUSER, "postgres")
    with pytest.raises(ServerUnreachable, match=r"(?s)timing (base|head): .*the connection was lost"):
        settled([benchmark(url, base, head)], 1, lambda _: None)


def test_a_server_that_is_gone_is_an_error(own_server: EmbeddedServer) -> None:
    url = own_server.url(SUPERUSER, "postgres")
    sound = benchmark(url, SOUND, SOUND)
    assert sound.round()
    own_server.stop()
    with pytest.raises(ServerUnreachable, match=r"(?s)timing base: .*the connection was lost"):
        sound.round()


def test_a_statement_that_takes_too_long_is_the_arm_s(own_server: EmbeddedServer) -> None:
    own_server.start()
    url = own_server.url(SUPERUSER, "postgres")
    slow = benchmark(f"{url}?options=-cstatement_timeout%3D10", SOUND, "select pg_sleep(1)")
    with pytest.raises(ArmFailed, match="head: canceling statement due to statement timeout"):
        slow.round()
