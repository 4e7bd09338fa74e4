"""Load tests of the API, by workers, of a server that goes away, and their end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from fix_platform import PROJECT, Deployed
from psycopg.sql import SQL, Identifier

from gatepost.errors import ServerUnreachable, StatementFailed
from gatepost.load.goal import served
from gatepost.load.measuring import Asked, goal_of
from gatepost.load.run import Goal, Plan, run, work
from gatepost.stacks import Stack

STACK = Stack(PROJECT, "local")


_CLIENTS = "select count(*) from pg_stat_activity where datname = %s and application_name = 'gatepost serve'"


def _number(connection: psycopg.Connection[Any], statement: LiteralString, *parameters: object) -> int:
    row = connection.execute(statement, parameters).fetchone()
    assert row is not None
    return int(row[0] if isinstance(row, tuple) else row["count"])


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@pytest.fixture
def goal(clone: Deployed) -> Goal:
    return Goal(clone.url("authenticator"))


def test_the_api_is_served_for_scenarios_that_call_it(
    clone: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEPOST_DATABASE_URL", clone.url("authenticator"))
    plan = Plan(("api",), users=6, duration=6)
    with goal_of(STACK, clone.url("authenticator"), plan, Asked(), print) as goal:
        assert goal.api_url.startswith("http://127.0.0.1:")
        result = run(PROJECT, plan, goal)
    assert result.errors == ()
    found = {one.name: one for one in result.requests}
    assert found["POST /api/events"].limit == 200.0
    assert found["POST /api/collectives/permissions"].limit == 500.0
    with pytest.raises(ServerUnreachable, match="went away"):
        run(PROJECT, plan, goal)


def test_an_api_that_does_not_start_says_why(clone: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEPOST_DATABASE_URL", clone.url("authenticator"))
    monkeypatch.setenv("GATEPOST_JWT_JWKS", "/nowhere/keys.json")
    with pytest.raises(StatementFailed, match=r"(?s)did not start.*/nowhere/keys.json"), served(STACK, ""):
        pass


@pytest.mark.parametrize("kind", ["processes", "workers"])
def test_processes_and_workers_measure_as_one_does(goal: Goal, kind: str, free_port: int) -> None:
    plan = Plan(("engagement_events",), users=6, duration=5, port=free_port, **{kind: 2})
    with ThreadPoolExecutor() as pool:
        working = [
            pool.submit(work, PROJECT, plan.scenarios, ("127.0.0.1", free_port), goal)
            for _ in range(plan.workers)
        ]
        result = run(PROJECT, plan, goal)
        for one in working:
            one.result(timeout=30)
    one = next(one for one in result.requests if one.name == "record one event")
    assert one.limit == 100.0
    assert sum(number for _, number in one.times) == one.count > 0
    assert any(milliseconds != round(milliseconds, 1) for milliseconds, _ in one.times)
    assert not result.errors
    assert 4 < result.seconds < 12


def test_a_server_that_goes_away_is_an_error_and_no_verdict(clone: Deployed, goal: Goal) -> None:
    closed = SQL("alter database {} allow_connections false").format(Identifier(clone.name))

    def close() -> None:
        with clone.server_connection() as connection:
            while not _number(connection, _CLIENTS, clone.name):
                time.sleep(0.2)
            time.sleep(2)
            connection.execute(closed)
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [clone.name]
            )

    closing = threading.Thread(target=close)
    closing.start()
    with pytest.raises(ServerUnreachable, match=r"went away during the load test: \d+ of \d+ requests"):
        run(PROJECT, Plan(("engagement_events",), users=4, duration=8), goal)
    closing.join()


def test_ctrl_c_leaves_no_process(clone: Deployed, tmp_path: Path) -> None:
    environment = os.environ | {
        "GATEPOST_DATABASE_URL": clone.url("authenticator"),
        "GATEPOST_SERVE_DATABASE_URL": clone.url("authenticator"),
    }
    command = [sys.executable, "-m", "gatepost", "load", "api", "--duration", "60", "--cwd", str(PROJECT)]
    running = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=tmp_path
    )
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
    while len(children.read_text().split()) < 2:
        assert running.poll() is None, running.stdout
        time.sleep(0.1)
    time.sleep(2)
    started = children.read_text().split()
    running.send_signal(signal.SIGINT)
    said = running.communicate(timeout=40)[0]
    assert running.returncode == 130, said
    assert "Traceback" not in said
    assert [pid for pid in started if Path(f"/proc/{pid}").exists()] == []
