"""The servers that the tests themselves run on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from servers import Database, Server, container

PROBE = """
import sys, time
sys.path.insert(0, {tests!r})
from servers import open_server
with open_server("embedded") as server:
    print(server.superuser_url, flush=True)
    time.sleep(60)
"""


def test_deployer_owns_the_fresh_database_and_is_no_superuser(database: Database) -> None:
    with psycopg.connect(database.deployer_url) as connection:
        found = connection.execute(
            "select current_database(), current_user, pg_get_userbyid(datdba), rolsuper, rolcreaterole"
            " from pg_database, pg_roles where datname = current_database() and rolname = current_user"
        ).fetchone()
    assert found == (database.name, "deployer", "deployer", False, True)


def test_database_is_dropped_with_its_connections(server: Server) -> None:
    with server.database() as database:
        left = psycopg.connect(database.deployer_url)
    with psycopg.connect(server.superuser_url) as connection:
        found = connection.execute("select from pg_database where datname = %s", [database.name]).fetchone()
    left.close()
    assert found is None


def test_database_is_quick(server: Server) -> None:
    started = time.perf_counter()
    with server.database():
        pass
    assert time.perf_counter() - started < 1


def test_fresh_server_has_its_own_roles(server: Server, fresh_server: Server) -> None:
    with psycopg.connect(fresh_server.deployer_url, autocommit=True) as connection:
        connection.execute("create role only_here")
    with psycopg.connect(server.superuser_url) as connection:
        assert connection.execute("select to_regrole('only_here')").fetchone() == (None,)


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGKILL], ids=lambda kind: kind.name)
def test_server_goes_with_its_process(kind: signal.Signals) -> None:
    probe = PROBE.format(tests=str(Path(__file__).parent))
    with subprocess.Popen(
        [sys.executable, "-c", probe], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        psycopg.connect(url).close()
        os.kill(process.pid, kind)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            return
        time.sleep(0.05)
    pytest.fail("the server outlived its process")


@pytest.mark.docker
def test_container_serves_a_database() -> None:
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
        pytest.skip("no Docker daemon answers")
    with (
        container(os.environ.get("GATEPOST_POSTGRES_IMAGE", "postgres:18")) as server,
        server.database() as made,
    ):
        psycopg.connect(made.deployer_url).close()
