"""A deployed example whose next deployment is rehearsed by the command, as a user does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from processes import processes, wait_until
from servers import folder_for_server, guarded

from gatepost.addresses import OWN
from gatepost.gates.rehearsal.example import DATABASE, Project, with_rule
from gatepost.postgres.cluster import DEPLOYER, SUPERUSER
from gatepost.postgres.embedded import EmbeddedServer

SLOW = "; select pg_sleep(60) from app.notes limit 1"
"""Takes a minute where there are rows: on the copy, not when the example is deployed for the first time."""
_QUICK = ('sslmode="disable",', 'sslmode="disable", lock_budget=3,')
"""Waits three seconds for a server that went away, instead of a minute."""
_EVERYTHING = "select datname from pg_database union all select rolname from pg_roles order by 1"
_SESSIONS = "select from pg_stat_activity where datname = 'notes' and pid <> pg_backend_pid()"


@dataclass(frozen=True)
class Rehearsed:
    """The example, deployed, and a folder for whatever a rehearsal makes meanwhile."""

    project: Project
    server: EmbeddedServer
    scratch: Path

    def declare(self, program: str) -> None:
        """Write the program to be rehearsed."""
        self.project.write(program.replace(*_QUICK))

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


def verdict(said: str) -> tuple[str, str]:
    """The verdict of a rehearsal's JSON, and why."""
    (found,) = json.loads(said)["gates"]
    assert found["findings"] == []
    return found["verdict"], found["figure"]


@pytest.fixture(scope="module")
def rehearsed() -> Iterator[Rehearsed]:
    folder, scratch = folder_for_server("gatepost-rehearsed-"), folder_for_server("gatepost-scratch-")
    project = Project(folder)
    (folder / "gates.yaml").write_text(f"local: [{{rehearsal: {{reader: {DEPLOYER}}}}}]\n")
    project.commit(with_rule(after=SLOW).replace(*_QUICK))
    with (
        guarded("embedded", str(folder / ".gatepost" / "example"), "18", "wheel"),
        project.served() as server,
    ):
        project.deploy(server)
        yield Rehearsed(project, server, scratch)
    shutil.rmtree(folder)
    shutil.rmtree(scratch)
