"""A rehearsal that ends early, by Ctrl-C or without a server: the right word, and nothing left behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from servers import folder_for_server, guarded

from gatepost.addresses import OWN
from gatepost.errors import ServerUnreachable
from gatepost.gates.rehearsal.example import DATABASE, Project, with_rule
from gatepost.postgres.cluster import DEPLOYER, SUPERUSER
from gatepost.postgres.embedded import EmbeddedServer

_SLOW = "; select pg_sleep(60) from app.notes limit 1"
"""Takes a minute where there are rows: on the copy, not when the example is deployed for the first time."""
_QUICK = ('sslmode="disable",', 'sslmode="disable", lock_budget=3,')
"""Waits three seconds for a server that went away, instead of a minute."""
_SLEEPS = "select from pg_stat_activity where wait_event = 'PgSleep' and application_name = 'gatepost'"
_READS = """
    select from pg_locks as l join pg_stat_activity as a using (pid)
    where a.application_name = 'pg_dump' and l.relation = 'app.notes'::regclass and l.granted
"""
_WAITS = "select from pg_stat_activity where wait_event_type = 'Lock' and application_name = 'gatepost'"
_PATIENCE = 60.0
_EVERYTHING = "select datname from pg_database union all select rolname from pg_roles order by 1"
_SESSIONS = "select from pg_stat_activity where datname = 'notes' and pid <> pg_backend_pid()"


@dataclass(frozen=True)
class Rehearsed:
    """The example, deployed, and a folder for whatever a rehearsal makes meanwhile."""

    project: Project
    server: EmbeddedServer
    scratch: Path

    @contextmanager
    def running(self, *options: str) -> Iterator[subprocess.Popen[str]]:
        """Lend a rehearsal of what is declared now, in a session of its own as in a terminal."""
        command = [sys.executable, "-m", "gatepost", "gate", "rehearsal", "--stack", "local", "--json"]
        with subprocess.Popen(
            [*command, "--base", "HEAD", "--cwd", str(self.project.root), *options],
            env=os.environ | {"TMPDIR": str(self.scratch), OWN: self.server.url(DEPLOYER, DATABASE)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def connect(self, server: EmbeddedServer | None = None) -> psycopg.Connection[Any]:
        return psycopg.connect((server or self.server).url(SUPERUSER, DATABASE), autocommit=True)

    def copy(self) -> EmbeddedServer:
        """The copy's server, once it is there."""
        (folder,) = self.scratch.glob("gatepost-throwaway-*")
        return EmbeddedServer(folder)

    def everything(self) -> list[Any]:
        """The databases and roles of the target."""
        with self.connect() as connection:
            return connection.execute(_EVERYTHING).fetchall()

    def must_be_clean(self, before: list[Any]) -> None:
        """Nothing that a rehearsal made is there, nor anybody who works for it; all of the target is."""
        wait_until(lambda: not any(self.scratch.iterdir()) and not processes(self.scratch))
        assert self.everything() == before
        with self.connect() as connection:
            wait_until(lambda: not connection.execute(_SESSIONS).fetchall())


def processes(folder: Path) -> list[str]:
    """The processes that work in a folder, by their command line."""
    found, name = list[str](), os.fsencode(folder)
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (place / "cmdline").read_bytes()
            if command and (name in command or name in (place / "environ").read_bytes()):
                found.append(command.replace(b"\0", b" ").decode(errors="replace"))
    return found


def wait_until(condition: Callable[[], object]) -> None:
    until = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < until, "that never came"
        time.sleep(0.02)


def there_is(query: LiteralString, rehearsed: Rehearsed, *, on_copy: bool) -> bool:
    """Whether a query returns a row; on the copy, which may not be there yet."""
    try:
        with rehearsed.connect(rehearsed.copy() if on_copy else None) as connection:
            return connection.execute(query).fetchone() is not None
    except (ValueError, ServerUnreachable, psycopg.OperationalError):
        return False


@pytest.fixture(scope="module")
def deployed() -> Iterator[Rehearsed]:
    folder, scratch = folder_for_server("gatepost-rehearsed-"), folder_for_server("gatepost-scratch-")
    project = Project(folder)
    (folder / "gates.yaml").write_text(f"local: [{{rehearsal: {{reader: {DEPLOYER}}}}}]\n")
    project.commit(with_rule(after=_SLOW).replace(*_QUICK))
    with (
        guarded("embedded", str(folder / ".gatepost" / "example"), "18", "wheel"),
        project.served() as server,
    ):
        project.deploy(server)
        yield Rehearsed(project, server, scratch)
    shutil.rmtree(folder)
    shutil.rmtree(scratch)


@contextmanager
def copying(rehearsed: Rehearsed) -> Iterator[None]:
    """Hold a rehearsal up while it reads rows of the target."""
    with rehearsed.connect() as connection:
        wait_until(lambda: connection.execute(_READS).fetchall())
        with suppress(psycopg.OperationalError), connection.transaction():
            connection.execute("lock table app.notes")
            wait_until(lambda: there_is(_WAITS, rehearsed, on_copy=False))
            yield


@contextmanager
def sleeping(rehearsed: Rehearsed) -> Iterator[None]:
    """Wait until a rehearsal is in the midst of a statement on the copy."""
    wait_until(lambda: there_is(_SLEEPS, rehearsed, on_copy=True))
    yield


STAGES = {
    "copying": (with_rule(), copying),
    "deploying": (with_rule(after=_SLOW.replace("limit 1", "limit 2")), sleeping),
    "going back": (with_rule(), sleeping),
}


@pytest.mark.parametrize("stage", STAGES)
def test_ctrl_c_leaves_nothing_of_a_rehearsal(deployed: Rehearsed, stage: str) -> None:
    program, reached = STAGES[stage]
    deployed.project.write(program.replace(*_QUICK))
    before = deployed.everything()
    with deployed.running() as running, reached(deployed):
        os.killpg(running.pid, signal.SIGINT)
        said = running.communicate(timeout=20)
    assert running.returncode == 130, said
    assert said[0] == ""
    assert said[1] == "interrupted\n"
    deployed.must_be_clean(before)


def verdict(said: str) -> tuple[str, str]:
    """The verdict of a rehearsal's JSON, and why."""
    (found,) = json.loads(said)["gates"]
    assert found["findings"] == []
    return found["verdict"], found["figure"]


def test_a_target_that_goes_away_is_an_error(deployed: Rehearsed) -> None:
    deployed.project.write(with_rule())
    before = deployed.everything()
    with deployed.running() as running, copying(deployed):
        deployed.server.stop()
        said = running.communicate(timeout=60)
    deployed.server.start()
    assert running.returncode == 1, said
    assert verdict(said[0])[0] == "error"
    assert "copying database" in verdict(said[0])[1], said
    assert "Traceback" not in said[1]
    deployed.must_be_clean(before)


@pytest.mark.parametrize("stage", ["deploying", "going back"])
def test_a_copy_that_goes_away_is_an_error(deployed: Rehearsed, stage: str) -> None:
    program, reached = STAGES[stage]
    deployed.project.write(program.replace(*_QUICK))
    before = deployed.everything()
    with deployed.running() as running, reached(deployed):
        deployed.copy().stop()
        said = running.communicate(timeout=60)
    assert running.returncode == 1, said
    assert verdict(said[0])[0] == "error"
    assert "copy" in verdict(said[0])[1]
    assert "Traceback" not in said[1]
    deployed.must_be_clean(before)
