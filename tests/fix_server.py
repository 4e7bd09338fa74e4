"""The option `--server` and the fixtures of the server that it chooses."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from servers import Database, Server, open_server


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--server",
        default=os.environ.get("GATEPOST_TEST_SERVER", "embedded"),
        help="where tests run: embedded (the default), embedded16, system, docker, or a superuser's URL",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "server: runs on the server that --server chooses (set by itself)")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "server" in getattr(item, "fixturenames", ()):
            item.add_marker("server")


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The session's server; each xdist worker has its own, but for a URL."""
    with open_server(request.config.getoption("--server")) as opened:
        yield opened


@pytest.fixture
def durable_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server as users have it: on disk, and a commit is written before it is answered."""
    with open_server(request.config.getoption("--server"), durable=True) as opened:
        yield opened


@pytest.fixture
def database(server: Server) -> Iterator[Database]:
    """A fresh, empty database that the deployer owns."""
    with server.database() as made:
        yield made


@pytest.fixture
def fresh_server(server: Server) -> Iterator[Server]:
    """A second server, for tests that need cluster-wide roles to themselves."""
    with server.fresh() as opened:
        yield opened
