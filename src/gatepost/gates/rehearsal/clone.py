"""A copy of the target on a server of its own: roles, structure, statistics, and a sample of the rows."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
from psycopg import sql

from gatepost.errors import StatementFailed
from gatepost.gates.rehearsal import sampling
from gatepost.gates.rehearsal.estimates import Size
from gatepost.postgres.cluster import SUPERUSER
from gatepost.postgres.connect import Target, connect, translating
from gatepost.postgres.embedded import Connection as Login
from gatepost.postgres.embedded import EmbeddedServer
from gatepost.postgres.programs import dumped, run
from gatepost.postgres.structure import apply
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

    target: Target
    """The deployer's way in."""
    login: Login
    """A superuser's, who sees every row."""
    major: str
    """Its PostgreSQL's version."""
    sizes: Mapping[str, Size] = field(default_factory=dict)
    """What the tables of the original have."""
    skipped: tuple[str, ...] = ()
    """Tables whose rows the reader may not see, so that there are none here."""

    @contextmanager
    def superuser(self) -> Iterator[psycopg.Connection[Any]]:
        """Lend a superuser's connection; only to look and compare.

        :raises ServerUnreachable: the copy's server went away.
        """
        with translating("the copy of the target"), psycopg.connect(self.login.url, autocommit=True) as made:
            yield made

    def require(self) -> None:
        """See that the copy is there: without it nothing that failed says anything.

        :raises ServerUnreachable: it is not.
        """
        with self.superuser():
            pass

    def structure(self) -> list[str]:
        """Return the lines of the database's dump, without data, sorted: columns may have another order."""
        lines = dumped(_target(self.login), 0, "--schema-only", major=self.major).splitlines()
        return sorted(line.rstrip(",") for line in lines if line and not line.startswith(_COMMENTS))


@contextmanager
def cloned(original: Original) -> Iterator[Clone]:
    """Lend a copy of a database on a throw-away server; once it is there the original may go away.

    :raises ServerUnreachable: the original is not there, or went away meanwhile.
    :raises StatementFailed: it cannot be dumped, or the dump cannot be loaded.
    """
    with throwaway_server(version=_version(original.target)) as server:
        yield _copied(original, server)


def _copied(original: Original, server: EmbeddedServer) -> Clone:
    what = f"copying {original.target}"
    _copy_roles(original, server)
    _copy_structure(original, server)
    login = server.connection(SUPERUSER, original.target.database)
    clone = Clone(_let_in(original.target, server), login, server.binaries.major)
    with clone.superuser() as copy, translating(what), connect(original.target) as connection:
        skipped = sampling.copy(connection, copy, (original.reader, original.owner), original.sample)
        sizes = {one["name"]: Size(one["rows"], one["pages"]) for one in sampling.found(connection, "sizes")}
    return replace(clone, sizes=sizes, skipped=tuple(skipped))


def _version(target: Target) -> str:
    """Return the major version that is at hand for a server: its own, or the next one."""
    with connect(target) as connection:
        return "16" if connection.info.server_version // 10_000 <= 16 else "18"


def _target(login: Login) -> Target:
    return Target(login.host, login.port, login.user, login.database, login.password, "disable")


def _copy_roles(original: Original, server: EmbeddedServer) -> None:
    options = ("--roles-only", "--no-role-passwords")
    major = server.binaries.major
    said = run("pg_dumpall", original.target, options, major=major, failure=StatementFailed)
    with psycopg.connect(server.url(SUPERUSER)) as connection:
        there = {row[0] for row in connection.execute("select rolname from pg_roles")}
    made = _ROLE.sub(lambda match: "" if match[1] in there else match[0], said)
    _load(server, "postgres", made)


def _copy_structure(original: Original, server: EmbeddedServer) -> None:
    parts = ("--no-data", "--statistics") if server.binaries.major >= "18" else ("--schema-only",)
    options = (*parts, "--create", f"--role={original.owner}")
    made = dumped(original.target, 0, *options, major=server.binaries.major)
    _load(server, "postgres", _LOCALE.sub(r"\1;", made))


def _let_in(target: Target, server: EmbeddedServer) -> Target:
    """Give the deployer a password on the copy, and return its way in."""
    password, user = secrets.token_urlsafe(24), sql.Identifier(target.username)
    with psycopg.connect(server.url(SUPERUSER), autocommit=True) as connection:
        connection.execute(
            sql.SQL("alter role {} with login password {}").format(user, sql.Literal(password))
        )
    there = server.connection(SUPERUSER)
    return replace(target, host=there.host, port=there.port, password=password, sslmode="disable")


def _load(server: EmbeddedServer, database: str, text: str) -> None:
    apply(text, _target(server.connection(SUPERUSER, database)))
