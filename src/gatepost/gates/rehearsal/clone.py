"""A copy of the target on a server of its own: roles, structure, statistics, and a sample of the rows."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg import sql

from gatepost.errors import StatementFailed
from gatepost.gates.rehearsal import rows
from gatepost.postgres.cluster import SUPERUSER
from gatepost.postgres.connect import Target, connect
from gatepost.postgres.embedded import EmbeddedServer
from gatepost.postgres.throwaway import throwaway_server

_LOCALE = re.compile(r"^(CREATE DATABASE .*? ENCODING = '[^']+').*;$", re.MULTILINE)
_ROLE = re.compile(r'^CREATE ROLE "?([^";]+)"?;$', re.MULTILINE)
_COMMENTS = ("--", "\\")


@dataclass(frozen=True)
class Original:
    """What is copied, and as whom."""

    target: Target
    owner: str
    """The role that may lock every table for a dump."""
    reader: str
    """The role that sees every tenant's rows."""
    sample: int
    """How many rows a table gives at most."""


@dataclass(frozen=True)
class Clone:
    """The copy."""

    server: EmbeddedServer
    target: Target
    """The deployer's way in."""
    skipped: tuple[str, ...] = ()
    """Tables whose rows the reader may not see, so that there are none here."""

    @contextmanager
    def superuser(self) -> Iterator[psycopg.Connection[Any]]:
        """Lend a connection that sees every row; only to look and compare."""
        url = self.server.url(SUPERUSER, self.target.database)
        with psycopg.connect(url, autocommit=True) as connection:
            yield connection

    def structure(self) -> list[str]:
        """Return the lines of the database's dump, without data, sorted: columns may have another order."""
        own = _superuser(self.server, self.target.database)
        lines = _dump(self.server, own, "--schema-only").splitlines()
        return sorted(line.rstrip(",") for line in lines if line and not line.startswith(_COMMENTS))


@contextmanager
def cloned(original: Original) -> Iterator[Clone]:
    """Lend a copy of a database on a throw-away server.

    :raises StatementFailed: it cannot be dumped, or the dump cannot be loaded.
    """
    with (
        connect(original.target) as connection,
        throwaway_server(version=_version(connection.info.server_version)) as server,
    ):
        _copy_roles(original, server)
        _copy_structure(original, server)
        clone = Clone(server, _let_in(original.target, server))
        with clone.superuser() as copy:
            skipped = rows.copy(connection, copy, original.reader, original.sample)
        yield replace(clone, skipped=tuple(skipped))


def _version(number: int) -> str:
    """Return the major version that is at hand for a server's number: its own, or the next one."""
    return "16" if number // 10_000 <= 16 else "18"


def _superuser(server: EmbeddedServer, database: str = "postgres") -> Target:
    found = server.connection(SUPERUSER, database)
    return Target(found.host, found.port, SUPERUSER, database, found.password, "disable")


def _copy_roles(original: Original, server: EmbeddedServer) -> None:
    dumped = _run(server, "pg_dumpall", original.target, "--roles-only", "--no-role-passwords")
    with psycopg.connect(server.url(SUPERUSER)) as connection:
        there = {row[0] for row in connection.execute("select rolname from pg_roles")}
    made = _ROLE.sub(lambda match: "" if match[1] in there else match[0], dumped)
    _load(server, "postgres", made)


def _copy_structure(original: Original, server: EmbeddedServer) -> None:
    parts = ("--no-data", "--statistics") if server.binaries.major >= "18" else ("--schema-only",)
    options = [*parts, "--create", f"--role={original.owner}"]
    dumped = _dump(server, original.target, *options)
    _load(server, "postgres", _LOCALE.sub(r"\1;", dumped))


def _let_in(target: Target, server: EmbeddedServer) -> Target:
    """Give the deployer a password on the copy, and return its way in."""
    password, user = secrets.token_urlsafe(24), sql.Identifier(target.username)
    with psycopg.connect(server.url(SUPERUSER), autocommit=True) as connection:
        connection.execute(
            sql.SQL("alter role {} with login password {}").format(user, sql.Literal(password))
        )
    there = server.connection(SUPERUSER)
    return replace(target, host=there.host, port=there.port, password=password, sslmode="disable")


def _dump(server: EmbeddedServer, source: Target, *options: str) -> str:
    return _run(server, "pg_dump", source, f"--dbname={source.database}", *options)


def _load(server: EmbeddedServer, database: str, text: str) -> None:
    target = _superuser(server, database)
    options = ["--set=ON_ERROR_STOP=on", "--quiet", "--no-psqlrc", f"--dbname={database}"]
    _run(server, "psql", target, *options, given=text)


def _run(server: EmbeddedServer, program: str, source: Target, *options: str, given: str = "") -> str:
    environment = {
        **os.environ,
        "PGHOST": source.host,
        "PGPORT": str(source.port),
        "PGUSER": source.username,
        "PGPASSWORD": source.password or "",
        "PGSSLMODE": source.sslmode,
        "PGOPTIONS": "",
    }
    command = [str(server.binaries.program(program)), *options]
    done = subprocess.run(command, env=environment, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = done.stderr.strip().splitlines() or ["no word"]
        raise StatementFailed(f"{program} of {source}: {reason[0]}")
    return str(done.stdout)
