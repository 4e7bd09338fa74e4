"""Two deployments side by side on a throw-away server: the program of a commit, and the one that is here.

The base is deployed with its seeds, its database is copied, then head is deployed over the original: the way
it would get to a shared stack. Both hold the same rows.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from gatepost.addresses import database_of
from gatepost.errors import StatementFailed
from gatepost.postgres.cluster import DEPLOYER, SUPERUSER
from gatepost.postgres.embedded import EmbeddedServer
from gatepost.postgres.throwaway import throwaway_server
from gatepost.release.commits import check_out, files
from gatepost.stacks import Stack

Tell = Callable[[str], None]
_COPY = "gatepost_base"


@dataclass(frozen=True)
class Arms:
    """The two databases, as the deployer reaches them, and the projects that they were deployed from."""

    base_url: str
    head_url: str
    base: Path
    head: Path

    @property
    def urls(self) -> tuple[str, str]:
        """Base and head."""
        return self.base_url, self.head_url


@contextmanager
def deployed(root: Path, ref: str, folder: Path, tell: Tell) -> Iterator[Arms]:
    """Lend both arms: the project of `root` as it was at the commit `ref`, and as it is.

    :param folder: an empty folder.
    :raises UsageError: `root` is in no git repository, or `ref` names no commit.
    :raises StatementFailed: one of the programs cannot be deployed.
    """
    base, head = folder / "base", folder / "head"
    check_out(root, ref, base)
    _copy(root, head)
    with throwaway_server() as server:
        tell(f"deploying base ({ref})")
        _deploy(base, server.url(DEPLOYER))
        name = database_of(Stack(base, "local"))
        _duplicate(server, name)
        for part in ("state", "passphrase"):
            _carry(base / ".gatepost" / part, head / ".gatepost" / part)
        tell("deploying head over it")
        _deploy(head, server.url(DEPLOYER), "--force", "--approve", "DELETES_DATA")
        _analyze(server, name)
        yield Arms(server.url(DEPLOYER, _COPY), server.url(DEPLOYER, name), base, head)


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
    with psycopg.connect(server.url(SUPERUSER), autocommit=True) as connection:
        connection.execute(create)


def _analyze(server: EmbeddedServer, name: str) -> None:
    for database in (_COPY, name):
        connection: psycopg.Connection[Any]
        with psycopg.connect(server.url(SUPERUSER, database), autocommit=True) as connection:
            connection.execute("vacuum (freeze, analyze)")
            connection.execute("checkpoint")
