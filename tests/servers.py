"""The PostgreSQL servers that tests run on: each is its process's own and gone when that process is."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg.sql import SQL, Identifier, Literal

from gatepost.postgres.binaries import Source, find_binaries
from gatepost.postgres.cluster import DEPLOYER, SUPERUSER
from gatepost.postgres.embedded import EmbeddedServer

GUARD = Path(__file__).with_name("guard.py")
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "logging_collector": "off",
    "max_wal_size": "256MB",
}
"""Settings for servers whose data nobody needs after a crash."""

MEMORY = Path("/dev/shm")
DISK = Path("/var/tmp")
ROOM = 4 * 2**30
"""Bytes that must be free in memory for a server to be there, where databases are made faster."""


@dataclass(frozen=True)
class Database:
    """A fresh, empty database that the deployer owns."""

    name: str
    deployer_url: str
    superuser_url: str


@dataclass(frozen=True)
class Server:
    """A running server; its deployer is no superuser but may create databases and roles."""

    superuser_url: str
    deployer_url: str
    another: Callable[[], AbstractContextManager[Server]]

    @cached_property
    def version(self) -> int:
        """What `server_version_num` says, such as 180004."""
        with psycopg.connect(self.superuser_url) as connection:
            return connection.info.server_version

    @contextmanager
    def database(self) -> Iterator[Database]:
        """Give a database; it is dropped afterwards, with whoever is still connected."""
        name = f"test_{secrets.token_hex(6)}"
        self._run(
            self.deployer_url,
            SQL("create database {} template template0 strategy file_copy").format(Identifier(name)),
        )
        try:
            yield Database(name, at(self.deployer_url, name), at(self.superuser_url, name))
        finally:
            self._run(
                self.superuser_url, SQL("drop database if exists {} with (force)").format(Identifier(name))
            )

    def fresh(self) -> AbstractContextManager[Server]:
        """Give a second server of the same kind, whose roles nobody else uses."""
        return self.another()

    def _run(self, url: str, statement: SQL | psycopg.sql.Composed) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement)


def open_server(choice: str, *, durable: bool = False) -> AbstractContextManager[Server]:
    """Open the server that `--server` names.

    :param durable: on disk and with its usual settings, so that what is committed is written; a server
        that is given by its URL is what it is.
    """
    match choice:
        case "embedded":
            return embedded("18", "wheel", durable=durable)
        case "embedded16":
            return embedded("16", "wheel", durable=durable)
        case "system":
            return embedded(find_binaries(source="system").major, "system", durable=durable)
        case "docker":
            image = os.environ.get("GATEPOST_POSTGRES_IMAGE", "postgres:18")
            return container(image, {} if durable else FAST)
        case url if "://" in url:
            return by_url(url)
    raise pytest.UsageError(f"--server {choice!r}: choose embedded, embedded16, system, docker or a URL")


@contextmanager
def embedded(version: str, source: Source, *, durable: bool = False) -> Iterator[Server]:
    root = folder_for_server("gatepost-test-", on_disk=durable)
    with guarded("embedded", str(root), version, source):
        server = EmbeddedServer(root, version, source=source, settings={} if durable else FAST)
        server.start()
        yield Server(server.url(SUPERUSER), server.url(DEPLOYER), lambda: embedded(version, source))


def folder_for_server(prefix: str, *, on_disk: bool = False) -> Path:
    """Make an empty folder that every user can enter: in memory where there is room, or on disk."""
    in_memory = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ROOM
    place = DISK if on_disk else MEMORY if in_memory else None
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
    folder.chmod(0o711)
    return folder


@contextmanager
def container(image: str, settings: Mapping[str, str] = FAST) -> Iterator[Server]:
    from testcontainers.community.postgres import PostgresContainer

    password = secrets.token_urlsafe(12)
    made = PostgresContainer(image, username=SUPERUSER, password=password, dbname="postgres", driver=None)
    made.with_command(["postgres", *(part for item in settings.items() for part in ("-c", "=".join(item)))])
    made.start()
    with guarded("docker", made.get_wrapped_container().id):
        url = made.get_connection_url()
        yield Server(url, make_deployer(url), lambda: container(image))


@contextmanager
def by_url(url: str) -> Iterator[Server]:
    def another() -> AbstractContextManager[Server]:
        pytest.skip("a server given by its URL cannot be had twice: this test needs its roles to itself")

    yield Server(url, make_deployer(url), another)


def make_deployer(superuser_url: str) -> str:
    """Make the deployer on a server that is not ours, and give its URL."""
    password = secrets.token_urlsafe(12)
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        known = connection.execute("select to_regrole(%s) is not null", [DEPLOYER]).fetchone()
        verb = SQL("alter") if known == (True,) else SQL("create")
        connection.execute(
            SQL("{} role {} login createdb createrole nosuperuser password {}").format(
                verb, Identifier(DEPLOYER), Literal(password)
            )
        )
    return as_user(superuser_url, DEPLOYER, password)


@contextmanager
def guarded(*what: str) -> Iterator[None]:
    """Have a process of its own remove a server when the block is left or this process dies."""
    command = [sys.executable, str(GUARD), *what]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as guard:
        yield
    assert guard.returncode == 0, f"the test server {what} could not be removed"


def at(url: str, database: str) -> str:
    """The same URL for another database."""
    return urlsplit(url)._replace(path=f"/{database}").geturl()


def as_user(url: str, user: str, password: str) -> str:
    """The same URL for another user."""
    parts = urlsplit(url)
    address = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{user}:{password}@{address}").geturl()
