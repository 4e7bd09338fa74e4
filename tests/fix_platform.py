"""The deployed platform: the Pulumi program applied once a session; every test leaves it as it was."""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg.sql import SQL, Composable, Identifier
from servers import Server, as_user, at

from gatepost.engine import Deployment, Project, Result
from gatepost.engine.postgresql.provider import PostgresqlProvider
from gatepost.provider.provider import GatepostProvider
from gatepost.session import Database
from infra.settings import derive_password

PROJECT = Path(__file__).parent.parent
PLATFORM = "platform"
Row = dict[str, Any]


@dataclass(frozen=True)
class Deployed:
    """A database with the platform in it."""

    server: Server
    name: str
    passwords: Mapping[str, str]
    resources: Sequence[Mapping[str, Any]] = field(repr=False)
    """What the state remembers of each declared resource."""

    @property
    def superuser_url(self) -> str:
        return at(self.server.superuser_url, self.name)

    def url(self, login: str) -> str:
        """The URL of a login role: `authenticator` or `monitor`."""
        return as_user(self.superuser_url, login, self.passwords[login])

    @contextmanager
    def connect(self, login: str = "authenticator", **options: Any) -> Iterator[psycopg.Connection[Row]]:
        with psycopg.connect(self.url(login), row_factory=dict_row, **options) as connection:
            yield connection

    @contextmanager
    def server_connection(self) -> Iterator[psycopg.Connection[Any]]:
        """A superuser's connection beside this database, so that it can be copied or dropped."""
        with psycopg.connect(self.server.superuser_url, autocommit=True) as connection:
            yield connection

    @contextmanager
    def superuser(self) -> Iterator[psycopg.Connection[Row]]:
        """Only to prepare what no role of the platform may do."""
        with psycopg.connect(self.superuser_url, autocommit=True, row_factory=dict_row) as connection:
            yield connection


@dataclass(frozen=True)
class Actor:
    """Somebody in a transaction that several share: each statement runs with their role and identity."""

    connection: psycopg.Connection[Row]
    user: str | None
    role: str = "authenticated"

    def run(self, statement: LiteralString | Composable, **arguments: object) -> list[Row]:
        """Run a statement and return its rows; an error takes back just this statement."""
        with self.connection.transaction():
            cursor = self._execute(statement, arguments)
            return cursor.fetchall() if cursor.description else []

    def count(self, statement: LiteralString, **arguments: object) -> int:
        """Run a statement and return how many rows it returned or changed."""
        with self.connection.transaction():
            return self._execute(statement, arguments).rowcount

    def denied(self, statement: LiteralString, **arguments: object) -> None:
        """Assert that the statement is refused for want of a privilege or by a policy."""
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            self.run(statement, **arguments)

    def _execute(
        self, statement: LiteralString | Composable, arguments: Mapping[str, object]
    ) -> psycopg.Cursor[Row]:
        claims = json.dumps({"sub": self.user} if self.user else {})
        self.connection.execute(SQL("set local role {}").format(Identifier(self.role)))
        self.connection.execute("select set_config('request.jwt.claims', %s, true)", [claims])
        return self.connection.execute(statement, arguments or None)


class Stage:
    """One transaction on which actors appear; it is rolled back when the test is over."""

    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self._connection = connection

    def as_user(self, user: str | None, role: str = "authenticated") -> Actor:
        return Actor(self._connection, user, role)

    @property
    def service(self) -> Actor:
        """A background service: no user, every tenant."""
        return Actor(self._connection, None, "service_role")

    @property
    def anonymous(self) -> Actor:
        return Actor(self._connection, None, "anon")


def deploy(deployer_url: str, backend: Path, config: Mapping[str, str]) -> Result:
    """Deploy the program with the embedded engine and return its result."""
    with deployment(deployer_url, backend, config) as stack:
        return stack.up(run_program)


@contextmanager
def deployment(deployer_url: str, backend: Path, config: Mapping[str, str]) -> Iterator[Deployment]:
    """Give the local stack on a server, its state below `backend`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GATEPOST_DATABASE_URL", deployer_url)
        yield Deployment(
            Project.load(PROJECT),
            "local",
            backend=backend,
            passphrase=lambda: "test",
            config=config,
            providers={"gatepost": GatepostProvider, "postgresql": PostgresqlProvider},
        )


def run_program() -> None:
    """Run the Pulumi program, as both engines do."""
    runpy.run_path(str(PROJECT / "infra" / "__main__.py"), run_name="__main__")


def resources_in(backend: Path) -> Sequence[Mapping[str, Any]]:
    """Return the resources of the state below `backend`."""
    state = backend / ".pulumi" / "stacks" / "platform" / "local.json"
    resources: Sequence[Mapping[str, Any]] = json.loads(state.read_text())["checkpoint"]["latest"][
        "resources"
    ]
    return resources


def derived_passwords(deployer_url: str) -> dict[str, str]:
    """The login roles' passwords, as the local stack derives them."""
    deployer = urlsplit(deployer_url).password or ""
    return {name: derive_password(deployer, name) for name in ("authenticator", "monitor")}


def let_deployer_read_statistics(server: Server) -> None:
    """Do what the embedded server does by itself."""
    with psycopg.connect(server.superuser_url, autocommit=True) as connection:
        connection.execute("grant pg_read_all_stats to deployer with admin option")


@pytest.fixture(scope="session")
def platform(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """The platform on the session's server, deployed the way `gatepost up` does."""
    let_deployer_read_statistics(server)
    config = {"platform:environment": "local", "platform:readStatistics": "true"}
    backend = tmp_path_factory.mktemp("state")
    deploy(server.deployer_url, backend, config)
    return Deployed(server, PLATFORM, derived_passwords(server.deployer_url), resources_in(backend))


@pytest.fixture
def stage(platform: Deployed) -> Iterator[Stage]:
    """A transaction on the platform that is rolled back."""
    with platform.connect() as connection:
        connection.execute("select 1")
        yield Stage(connection)
        connection.rollback()


@pytest.fixture
def clone(platform: Deployed) -> Iterator[Deployed]:
    """A copy of the platform's database, for tests that commit, or change its structure."""
    with copy_of(platform, platform) as copied:
        yield copied


@pytest.fixture
def platform_database(clone: Deployed) -> Iterator[Database]:
    """What services and the API have: a pool of the authenticator's connections to a copy of the platform.

    Below `features`, `session` and `web` it is called `database`.
    """
    opening = "select app.respect_maintenance()"
    with Database(clone.url("authenticator"), opening=opening) as opened:
        yield opened


@contextmanager
def copy_of(platform: Deployed, source: Deployed) -> Iterator[Deployed]:
    """Copy a database with its owner, file by file, so that nothing of the copy is in the buffer cache."""
    name = f"clone_{uuid4().hex[:12]}"
    create = SQL("create database {} owner {} template {} strategy file_copy")
    owner_of = "select pg_get_userbyid(datdba) from pg_database where datname = %s"
    with platform.server_connection() as connection:
        (owner,) = connection.execute(owner_of, [source.name]).fetchone() or ("",)
        connection.execute(create.format(Identifier(name), Identifier(owner), Identifier(source.name)))
    try:
        yield Deployed(platform.server, name, platform.passwords, platform.resources)
    finally:
        with platform.server_connection() as connection:
            connection.execute(SQL("drop database {} with (force)").format(Identifier(name)))
