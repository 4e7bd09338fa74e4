"""A load test that ends early, by Ctrl-C or without a server or a worker: the right word, nothing left."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from fix_platform import PROJECT, Deployed
from outage import away
from processes import processes, wait_until

from gatepost.addresses import API, OWN
from gatepost.errors import GatepostError, ServerUnreachable, StatementFailed
from gatepost.load import run as running
from gatepost.load.run import Goal, Plan

_CLIENTS = """
    select count(*) from pg_stat_activity where datname = %s and application_name = 'gatepost serve'
    having count(*) >= %s
"""
_USERS = 4


@dataclass(frozen=True)
class Loads:
    """Load tests of the platform by the command, and a folder for whatever they make meanwhile."""

    clone: Deployed
    scratch: Path

    @contextmanager
    def running(self, *options: str) -> Iterator[subprocess.Popen[str]]:
        """Lend a load test in a session of its own, as in a terminal."""
        login = self.clone.url("authenticator")
        command = [
            sys.executable,
            "-m",
            "gatepost",
            "load",
            "engagement_events",
            "--stack",
            "local",
            *options,
        ]
        with subprocess.Popen(
            [*command, "--cwd", str(PROJECT)],
            env=os.environ | {"TMPDIR": str(self.scratch), OWN: login, API: login},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def await_users(self) -> None:
        """Wait until every user is connected."""
        with self.clone.server_connection() as connection:
            wait_until(lambda: connection.execute(_CLIENTS, [self.clone.name, _USERS]).fetchone())

    def must_be_clean(self) -> None:
        """Nobody works for a load test any more, and it left no file."""
        wait_until(lambda: not processes(self.scratch))
        assert not any(self.scratch.iterdir())


MASTER = ("--users", str(_USERS), "--duration", "60", "--json")


@pytest.fixture
def loads(clone: Deployed, tmp_path: Path) -> Loads:
    (scratch := tmp_path / "scratch").mkdir()
    return Loads(clone, scratch)


@pytest.fixture
def address() -> str:
    """Where a master may listen."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"127.0.0.1:{listening.getsockname()[1]}"


def is_connected(address: str) -> bool:
    """Whether somebody is connected to a port of this machine."""
    local = f":{int(address.rpartition(':')[2]):04X}"
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
    return any(line[1].endswith(local) and line[3] == "01" for line in lines)


def interrupted(process: subprocess.Popen[str]) -> None:
    """Press Ctrl-C, and see that it says so."""
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate(timeout=40)
    assert process.returncode == 130, said
    assert "Traceback" not in said[1]


def error_of(process: subprocess.Popen[str], kind: type[GatepostError]) -> str:
    """Wait for the end of a load test; return its error, which is no verdict."""
    said = process.communicate(timeout=100)
    assert process.returncode == kind.exit_code, said
    document = json.loads(said[0])
    assert "verdict" not in document
    return str(document["error"]["message"])


@pytest.mark.parametrize("options", [("--processes", "2"), ("api",)], ids=["processes", "api"])
def test_ctrl_c_leaves_no_process(loads: Loads, options: tuple[str, ...]) -> None:
    with loads.running(*MASTER, *options) as running:
        loads.await_users()
        interrupted(running)
    loads.must_be_clean()


@pytest.mark.parametrize("there", [1, 2])
def test_ctrl_c_of_a_distributed_run_leaves_no_worker(loads: Loads, address: str, there: int) -> None:
    """Where one of two workers is missing the master still waits for it."""
    with ExitStack() as opened:
        master = opened.enter_context(loads.running(*MASTER, "--workers", "2", "--bind", address))
        workers = [opened.enter_context(loads.running("--master", address)) for _ in range(there)]
        if there == 2:
            loads.await_users()
        else:
            wait_until(lambda: is_connected(address))
            time.sleep(2)
        interrupted(master)
        for one in workers:
            said = one.communicate(timeout=20)
            assert one.returncode == 0, said
            assert "Traceback" not in said[1]
    loads.must_be_clean()


def test_ctrl_c_of_a_worker_is_an_error_at_the_master(loads: Loads, address: str) -> None:
    with ExitStack() as opened:
        master = opened.enter_context(
            loads.running(*MASTER[:3], "12", "--json", "--workers", "2", "--bind", address)
        )
        _other, worker = (opened.enter_context(loads.running("--master", address)) for _ in range(2))
        loads.await_users()
        interrupted(worker)
        assert "1 of 2 processes of the load generator told what they measured" in error_of(
            master, StatementFailed
        )
    loads.must_be_clean()


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_worker_that_is_killed_is_an_error(loads: Loads) -> None:
    with loads.running(*MASTER[:3], "8", "--json", "--processes", "2") as running:
        loads.await_users()
        (generator,) = children(running.pid)
        os.kill(children(generator)[0], signal.SIGKILL)
        assert "1 of 2 processes of the load generator told what they measured" in error_of(
            running, StatementFailed
        )
    loads.must_be_clean()


def test_a_worker_that_never_comes_is_an_error(clone: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "PATIENCE", 2)
    plan = Plan(("engagement_events",), users=2, duration=2, workers=1, port=0)
    with pytest.raises(StatementFailed, match="Gave up waiting for workers to connect"):
        running.run(PROJECT, plan, Goal(clone.url("authenticator")))


def test_a_server_that_goes_away_is_an_error_and_the_report_is_kept(loads: Loads, tmp_path: Path) -> None:
    report = tmp_path / "load.html"
    with loads.running(*MASTER[:3], "10", "--json", "--html", str(report)) as running:
        loads.await_users()
        time.sleep(2)
        with away(loads.clone):
            told = error_of(running, ServerUnreachable)
    assert "went away during the load test" in told
    assert "record one event" in report.read_text()
    loads.must_be_clean()
