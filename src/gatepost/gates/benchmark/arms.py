"""Two deployments side by side on a throw-away server: the program of a commit, and the one that is here.

The base is deployed and filled, its database is copied, then head is deployed over the original: the way it
would get to a shared stack. Both hold the same rows.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from gatepost.addresses import deployed_database
from gatepost.errors import StatementFailed
from gatepost.gates.benchmark.filling import fill_deployed
from gatepost.postgres.cluster import DEPLOYER, SUPERUSER
from gatepost.postgres.connect import Target, translating
from gatepost.postgres.embedded import EmbeddedServer
from gatepost.postgres.throwaway import throwaway_server
from gatepost.release.commits import check_out, files
from gatepost.stacks import Stack

Tell = Callable[[str], None]
_COPY = "gatepost_base"
_FIRST = "postgres"
"""What is deployed to where a program names no database."""
_SETTINGS = {"shared_buffers": "256MB", "max_parallel_workers_per_gather": "0"}
"""A query's work is done by one process, whose time is taken."""


@dataclass(frozen=True)
class Arms:
    """The two databases, as a superuser reaches them, and the projects that they were deployed from."""

    base_target: Target
    head_target: Target
    base: Path
    head: Path

    @property
    def urls(self) -> tuple[str, str]:
        """Base's and head's connection strings."""
        return _conninfo(self.base_target), _conninfo(self.head_target)

    @property
    def targets(self) -> tuple[Target, Target]:
        """Base's and head's database."""
        return self.base_target, self.head_target


def _conninfo(target: Target) -> str:
    return make_conninfo(
        host=target.host,
        port=target.port,
        user=target.username,
        dbname=target.database,
        password=target.password,
    )


@contextmanager
def deployed(root: Path, ref: str, rows: int, tell: Tell) -> Iterator[Arms]:
    """Lend both arms: the project of `root` as it was at the commit `ref`, and as it is.

    :param rows: of the largest tables; 0 leaves the seeds' rows.
    :raises UsageError: `root` is in no git repository, or `ref` names no commit.
    :raises StatementFailed: one of the programs cannot be deployed, or base cannot be filled.
    """
    with tempfile.TemporaryDirectory(prefix="gatepost-benchmark-") as folder:
        base, head = Path(folder) / "base", Path(folder) / "head"
        check_out(root, ref, base)
        _copy(root, head)
        with throwaway_server(_SETTINGS) as server:
            yield _both(server, base, head, rows, tell, ref)


def _both(server: EmbeddedServer, base: Path, head: Path, rows: int, tell: Tell, ref: str) -> Arms:
    tell(f"deploying base ({ref})")
    _deploy(base, server.url(DEPLOYER, _FIRST))
    stack = Stack(base, "local")
    name = deployed_database(stack) or _FIRST
    if rows:
        fill_deployed(stack, _superuser(server, name), rows, tell)
    _settle(server, name)
    _duplicate(server, name)
    for part in ("state", "passphrase"):
        _carry(base / ".gatepost" / part, head / ".gatepost" / part)
    tell("deploying head over it")
    _deploy(head, server.url(DEPLOYER, _FIRST), "--force", "--approve", "DELETES_DATA")
    _settle(server, name)
    return Arms(_superuser(server, _COPY), _superuser(server, name), base, head)


def _superuser(server: EmbeddedServer, database: str) -> Target:
    found = server.connection(SUPERUSER, database)
    return Target(found.host, found.port, found.user, database, found.password, sslmode="disable")


def _copy(root: Path, into: Path) -> None:
    """Copy what git knows of a project, and what it would add."""
    for name in files(root):
        if (root / name).is_file():
            _carry(root / name, into / name)


def _carry(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target)
    elif source.exists():
        shutil.copy2(source, target)


def _deploy(project: Path, url: str, *options: str) -> None:
    """Run `gatepost up` of the project's own library on its own program."""
    environment = {**os.environ, "GATEPOST_DATABASE_URL": url, "PYTHONPATH": str(project / "src")}
    command = [sys.executable, "-m", "gatepost", "up", "--stack", "local", "--yes", *options]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr or done.stdout).strip()
        raise StatementFailed(f"{project.name} cannot be deployed:\n{reason}")


def _duplicate(server: EmbeddedServer, name: str) -> None:
    create = sql.SQL("create database {} template {}").format(sql.Identifier(_COPY), sql.Identifier(name))
    with translating("copying base's database"), psycopg.connect(server.url(SUPERUSER)) as connection:
        connection.autocommit = True
        connection.execute(create)


def _settle(server: EmbeddedServer, name: str) -> None:
    """Leave nothing to be cleaned up while queries are timed."""
    connection: psycopg.Connection[Any]
    with translating("settling a database"), psycopg.connect(server.url(SUPERUSER, name)) as connection:
        connection.autocommit = True
        connection.execute("vacuum (freeze, analyze)")
        connection.execute("checkpoint")
