"""Servers of two versions, and a stack of resources driven the way an engine drives them."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
import pytest
from psycopg import sql
from pulumi.provider.experimental import provider as api
from servers import Server, at, open_server

from gatepost.engine.postgresql import PostgresqlProvider
from gatepost.engine.postgresql.values import Properties, plain, wire
from gatepost.errors import UsageError


@dataclass(frozen=True)
class Pg:
    """One server, for every version in turn; its roles are wiped after each test."""

    server: Server

    @property
    def version(self) -> int:
        return self.server.version // 10_000

    @property
    def port(self) -> int:
        return urlsplit(self.server.superuser_url).port

    def settings(self, user: str) -> dict[str, Any]:
        url = urlsplit(self.server.deployer_url if user == "deployer" else self.server.superuser_url)
        return {
            "host": url.hostname,
            "port": url.port,
            "username": url.username,
            "password": unquote(url.password),
        }

    def query(
        self, text: str | sql.Composed, *parameters: Any, database: str = "postgres"
    ) -> list[tuple[Any, ...]]:
        with psycopg.connect(at(self.server.superuser_url, database), autocommit=True) as connection:
            cursor = connection.execute(text, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def log(self) -> str:
        folder = Path(self.query("show log_directory")[0][0])
        return "".join(path.read_text() for path in folder.glob("*.log"))

    def log_in(self, user: str, password: str, database: str = "postgres") -> None:
        settings = self.settings("deployer") | {"user": user, "password": password}
        settings.pop("username")
        psycopg.connect(**settings, dbname=database).close()


@pytest.fixture(scope="session", params=["system", "embedded16", "embedded"])
def pg(request: pytest.FixtureRequest) -> Iterator[Pg]:
    """PostgreSQL 15 or what else the machine has, 16 and 18: the rules for CREATEROLE differ."""
    try:
        opened = open_server(request.param)
    except UsageError as error:
        pytest.skip(str(error))
    with opened as server:
        yield Pg(server)


@dataclass
class Deployed:
    """One resource in a state."""

    token: str
    name: str
    id: str
    inputs: Properties
    outputs: Properties

    @property
    def urn(self) -> str:
        return f"urn:pulumi:test::test::{self.token}::{self.name}"

    def __getitem__(self, key: str) -> Any:
        return plain(self.outputs[key])


@dataclass
class Stack:
    """Drives the provider as an engine does: check, diff, create, update, read, delete."""

    pg: Pg
    user: str = "deployer"
    statements: list[str] = field(default_factory=list)
    resources: list[Deployed] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.provider = PostgresqlProvider(lambda _, statement: self.statements.append(statement))
        self.configure()

    def configure(self, **settings: Any) -> None:
        declared = self.pg.settings(self.user) | {
            "database": "postgres",
            "superuser": self.user == "postgres",
        }
        args = {key: wire(value) for key, value in (declared | settings).items()}
        asyncio.run(self.provider.configure(api.ConfigureRequest({}, args, True, True)))

    def check(
        self, kind: str, name: str, old: Properties | None = None, /, **inputs: Any
    ) -> api.CheckResponse:
        urn = Deployed(token(kind), name, "", {}, {}).urn
        wired = {key: value if hasattr(value, "is_secret") else wire(value) for key, value in inputs.items()}
        return asyncio.run(self.provider.check(api.CheckRequest(urn, old or {}, wired, b"seed")))

    def checked(self, kind: str, name: str, old: Properties | None = None, /, **inputs: Any) -> Properties:
        response = self.check(kind, name, old, **inputs)
        assert not response.failures, [(failure.property, failure.reason) for failure in response.failures]
        return response.inputs

    def create(self, kind: str, logical_name: str, /, **inputs: Any) -> Deployed:
        made = Deployed(token(kind), logical_name, "", self.checked(kind, logical_name, **inputs), {})
        response = asyncio.run(self.provider.create(api.CreateRequest(made.urn, made.inputs, 0, False)))
        made.id, made.outputs = response.resource_id, response.properties
        self.resources.append(made)
        return made

    def preview(self, kind: str, logical_name: str, /, **inputs: Any) -> None:
        urn = Deployed(token(kind), logical_name, "", {}, {}).urn
        checked = self.checked(kind, logical_name, **inputs)
        asyncio.run(self.provider.create(api.CreateRequest(urn, checked, 0, True)))

    def diff(self, made: Deployed, **changes: Any) -> api.DiffResponse:
        request = api.DiffRequest(made.urn, made.id, made.outputs, self._new_inputs(made, changes), [])
        return asyncio.run(self.provider.diff(request))

    def update(self, made: Deployed, **changes: Any) -> api.DiffResponse:
        difference, news = self.diff(made, **changes), self._new_inputs(made, changes)
        assert difference.changes
        assert not difference.replaces
        request = api.UpdateRequest(made.urn, made.id, made.outputs, news, 0, [], False)
        made.outputs = asyncio.run(self.provider.update(request)).properties
        made.inputs = news
        assert not self.diff(made).changes
        return difference

    def _new_inputs(self, made: Deployed, changes: dict[str, Any]) -> Properties:
        declared = {
            key: value for key, value in made.inputs.items() if key not in plain(made.inputs["__defaults"])
        }
        declared = {key: value for key, value in (declared | changes).items() if value is not None}
        return self.checked(made.token, made.name, made.inputs, **declared)

    def refresh(self, made: Deployed) -> bool:
        """Read the resource into the state; false when it is gone."""
        request = api.ReadRequest(made.urn, made.id, made.outputs, made.inputs)
        response = asyncio.run(self.provider.read(request))
        if not response.resource_id:
            return False
        made.outputs = response.properties
        return True

    def delete(self, made: Deployed) -> None:
        asyncio.run(self.provider.delete(api.DeleteRequest(made.urn, made.id, made.outputs, 0)))
        if made in self.resources:
            self.resources.remove(made)

    def clean(self) -> None:
        for made in reversed(self.resources[:]):
            self.delete(made)


def token(kind: str) -> str:
    return kind if ":" in kind else f"postgresql:index/{kind[0].lower()}{kind[1:]}:{kind}"


@pytest.fixture
def stack(pg: Pg) -> Iterator[Stack]:
    """A stack deployed by the deployer, who is no superuser; it must not stay member of anything."""
    stack = Stack(pg)
    try:
        yield stack
        assert deployers_memberships(pg) == [], "the deployer was left member of a role"
        stack.clean()
    finally:
        wipe(pg)


def deployers_memberships(pg: Pg) -> list[tuple[Any, ...]]:
    usable = " and (inherit_option or set_option)" if pg.version >= 16 else ""
    members = "select pg_get_userbyid(roleid) from pg_auth_members where pg_get_userbyid(member) = 'deployer'"
    return pg.query(members + usable + " and not starts_with(pg_get_userbyid(roleid), 'pg_')")


def wipe(pg: Pg) -> None:
    """Remove what a failed test left, so that the next one starts from an empty server."""
    for (name,) in pg.query("select datname from pg_database where datname !~ '^(postgres|template[01])$'"):
        pg.query(sql.SQL("alter database {} is_template false").format(sql.Identifier(name)))
        pg.query(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
    for (name,) in pg.query("select rolname from pg_roles where rolname !~ '^(pg_.*|postgres|deployer)$'"):
        role = sql.Identifier(name)
        pg.query(sql.SQL("drop owned by {} cascade").format(role))
        pg.query(sql.SQL("drop role {}").format(role))
