"""The provider driven as an engine drives it, and the catalog compared: tests read as sentences."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, LiteralString
from urllib.parse import unquote, urlsplit

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import (
    CheckFailure,
    CheckRequest,
    ConfigureRequest,
    CreateRequest,
    DeleteRequest,
    DiffRequest,
    DiffResponse,
    ReadRequest,
    UpdateRequest,
)
from servers import Database, Server

from gatepost.postgres import catalog
from gatepost.postgres.connect import Target
from gatepost.postgres.plan import Hazard, Plan
from gatepost.provider.provider import GatepostProvider
from gatepost.provider.values import plain_map, wire
from gatepost.resources import Column
from gatepost.resources._base import camel

Inputs = dict[str, Any]
Properties = Mapping[str, PropertyValue]
ROLES = ("gp_owner", "gp_reader", "gp_other", "GP Odd, role")
EVERYTHING = ",".join(Hazard)
ROWS_OF_EACH_CATALOG = """
select string_agg(
    format('select %L, count(*), sum(xmin::text::bigint) from %s', oid::regclass, oid::regclass),
    ' union all '
)
from pg_catalog.pg_class
where relnamespace = 'pg_catalog'::regnamespace and relkind = 'r' and not relisshared
    and relname not in ('pg_statistic', 'pg_statistic_ext_data')
"""


def col(name: str, type_: str = "text", **given: Any) -> Inputs:
    """A column as a program sends it; nullable unless said otherwise."""
    return Column(name, type_, **{"nullable": True, **given}).wire()


def urn_of(kind: str, name: str) -> str:
    return f"urn:pulumi:local::test::gatepost:index:{kind}::{name}"


def target_of(url: str, **given: Any) -> Target:
    """The target that a URL names."""
    parts = urlsplit(url)
    return Target(
        host=parts.hostname or "",
        port=parts.port or 5432,
        username=parts.username or "",
        password=unquote(parts.password or ""),
        database=parts.path.lstrip("/"),
        **given,
    )


class Refused(Exception):
    """The declaration failed its check."""

    def __init__(self, failures: list[CheckFailure]) -> None:
        super().__init__("; ".join(f"{failure.property}: {failure.reason}" for failure in failures))


@dataclass
class Deploy:
    """One database and what a state file would remember of it."""

    database: Database
    settings: dict[str, Any] = field(default_factory=dict)
    state: dict[str, tuple[str, Properties]] = field(default_factory=dict)
    plans: list[tuple[str, str, Plan]] = field(default_factory=list)
    is_together: bool = False
    foresees: bool = True

    def __post_init__(self) -> None:
        self.superuser = psycopg.connect(self.database.superuser_url, autocommit=True)
        self.provider = self.another_provider()

    def another_provider(self) -> GatepostProvider:
        """A provider as the next deployment has it: it remembers nothing."""
        target = target_of(self.database.deployer_url)
        names = ("host", "port", "username", "password", "database")
        settings = {name: str(getattr(target, name)) for name in names} | {"existing": "*"} | self.settings
        provider = GatepostProvider(lambda *told: self.plans.append(told), foresees=self.foresees)
        asyncio.run(provider.configure(ConfigureRequest({}, wired(settings), True, True)))
        return provider

    @contextmanager
    def next_deployment(self, **settings: Any) -> Iterator[None]:
        """Deploy with a fresh provider; the one before has let go of its lock."""
        self.provider.close()
        self.settings |= settings
        self.provider = self.another_provider()
        yield

    @contextmanager
    def together(self, **settings: Any) -> Iterator[None]:
        """Deploy several resources in one deployment."""
        with self.next_deployment(**settings):
            self.is_together = True
            yield
            self.is_together = False

    def close(self) -> None:
        self.provider.close()
        self.superuser.close()

    # what an engine does

    def check(self, kind: str, name: str, inputs: Inputs) -> None:
        request = CheckRequest(urn_of(kind, name), {}, wired(inputs), b"")
        if failures := asyncio.run(self.provider.check(request)).failures:
            raise Refused(failures)

    def diff(self, kind: str, name: str, inputs: Inputs) -> DiffResponse:
        urn = urn_of(kind, name)
        return asyncio.run(self.provider.diff(DiffRequest(urn, *self.state[urn], wired(inputs), [])))

    def deploy(self, kind: str, name: str, inputs: Inputs) -> str:
        """Check, diff, preview, apply; return what was done: same, create, update or replace.

        Each is a deployment of its own, unless it is done inside `together`.
        """
        if not self.is_together:
            self.provider.gate.forget()
        urn = urn_of(kind, name)
        self.check(kind, name, inputs)
        if urn not in self.state:
            self.create(urn, inputs)
            return "create"
        diff = self.diff(kind, name, inputs)
        if not diff.changes:
            return "same"
        if diff.replaces:
            self.replace(urn, inputs)
            return "replace"
        self.update(urn, inputs)
        return "update"

    def create(self, urn: str, inputs: Inputs) -> None:
        def run(preview: bool) -> Any:
            return asyncio.run(self.provider.create(CreateRequest(urn, wired(inputs), 0, preview)))

        made = self._after_its_preview(run)
        assert made.resource_id
        self.state[urn] = (made.resource_id, made.properties)

    def replace(self, urn: str, inputs: Inputs) -> None:
        """Create the new one, then delete the old one; before that the preview tells both."""
        old = DeleteRequest(urn, *self.state[urn], 0)
        asyncio.run(self.provider.create(CreateRequest(urn, wired(inputs), 0, True)))
        asyncio.run(self.provider.preview_delete(old))
        told = self.plans[-1]
        self.create(urn, inputs)
        asyncio.run(self.provider.delete(old))
        assert _lasting(self.plans[-1]) == _lasting(told)

    def update(self, urn: str, inputs: Inputs) -> None:
        id_, olds = self.state[urn]

        def run(preview: bool) -> Any:
            request = UpdateRequest(urn, id_, olds, wired(inputs), 0, [], preview)
            return asyncio.run(self.provider.update(request))

        self.state[urn] = (id_, self._after_its_preview(run).properties)

    def _after_its_preview(self, run: Callable[[bool], Any]) -> Any:
        """Preview, then apply: the preview changes nothing and tells the very statements."""
        before = self._catalog_rows()
        previewed = run(True)
        assert self._catalog_rows() == before
        assert plain_map(previewed.properties)["definition"] is not None
        told = self.plans[-1]
        applied = run(False)
        assert _lasting(self.plans[-1]) == _lasting(told)
        return applied

    def _catalog_rows(self) -> list[Any]:
        """The number of rows and the sum of the transactions that wrote them, for each of the catalogs.

        Both stay only if every row does: what is written last has the highest transaction.
        """
        [[query]] = self.sql(ROWS_OF_EACH_CATALOG)
        return self.superuser.execute(query).fetchall()

    def delete(self, kind: str, name: str, preview: bool = False) -> None:
        urn = urn_of(kind, name)
        request = DeleteRequest(urn, *self.state[urn], 0)
        asyncio.run(self.provider.preview_delete(request) if preview else self.provider.delete(request))
        if not preview:
            del self.state[urn]

    def refresh(self, kind: str, name: str) -> str:
        """Read one resource as a new deployment does; return same, drift or gone."""
        urn = urn_of(kind, name)
        id_, before = self.state[urn]
        with self.next_deployment():
            read = asyncio.run(self.provider.read(ReadRequest(urn, id_, dict(before), {})))
        if not read.resource_id:
            del self.state[urn]
            return "gone"
        self.state[urn] = (read.resource_id, read.properties)
        return "same" if read.properties == before else "drift"

    # words for tests

    def table(self, name: str = "posts", **inputs: Any) -> str:
        given = {"schema": "public", "name": name, **inputs}
        return self.deploy("Table", name, {camel(k): v for k, v in given.items()})

    def __getattr__(self, kind: str) -> Callable[..., str]:
        """`deploy.index("i", columns=["a"])`: deploy what belongs to `posts`, or has its own text."""
        token = kind.title().replace("_", "")
        on_table = token in ("Index", "Policy", "Trigger", "Constraint")

        def deploy(resource: str, **inputs: Any) -> str:
            base = {"schema": "public", "table": "posts", "name": resource} if on_table else {}
            return self.deploy(token, resource, {camel(k): v for k, v in {**base, **inputs}.items()})

        return deploy

    def outputs(self, kind: str, name: str) -> Inputs:
        return plain_map(self.state[urn_of(kind, name)][1])

    def sql(self, statement: LiteralString, *arguments: object) -> list[Any]:
        """Run a statement as superuser, beside the deployment."""
        cursor = self.superuser.execute(statement, arguments or None)
        return cursor.fetchall() if cursor.description else []

    def snapshot(self) -> dict[catalog.Key, Any]:
        """What the whole catalog says; columns by name, because added ones come last."""
        found = catalog.read_all(self.superuser)
        for definition in found.values():
            if "columns" in definition:
                definition["columns"].sort(key=lambda column: column["name"])
        return found

    def statements(self) -> list[str]:
        """The statements of the last plan."""
        return [statement.sql for statement in self.plans[-1][2].statements]

    def risks(self) -> list[str]:
        """The hazards of the last plan as they are approved, sorted."""
        return sorted(risk.name for risk in self.plans[-1][2].risks)

    def must_have(self, kind: str, name: str, *, on: str = "posts", schema: str = "public") -> Any:
        key = catalog.Key(kind, schema, on if kind not in ("tables", "views", "functions") else name)
        key = key if key.name == name else catalog.Key(kind, schema, on, name)
        return self.snapshot()[key]


def _lasting(told: tuple[str, str, Plan]) -> tuple[object, ...]:
    """What was told of a plan, but for how many rows the server estimates from one moment to the next."""
    urn, operation, plan = told
    return urn, operation, plan.statements, [(risk.name, risk.detail, risk.lock) for risk in plan.risks]


def wired(inputs: Mapping[str, Any]) -> dict[str, PropertyValue]:
    return {k: v if isinstance(v, PropertyValue) else wire(v) for k, v in inputs.items() if v is not None}


@pytest.fixture(scope="session")
def roles(server: Server) -> tuple[str, ...]:
    """Roles without login; the deployer may act as each, as it may as the owner of what it deploys."""
    with psycopg.connect(server.superuser_url, autocommit=True) as connection:
        for name in ROLES:
            connection.execute(SQL("drop role if exists {}").format(Identifier(name)))
            connection.execute(SQL("create role {}").format(Identifier(name)))
            connection.execute(SQL("grant {} to deployer").format(Identifier(name)))
    return ROLES


@pytest.fixture
def deploy(database: Database, roles: tuple[str, ...]) -> Iterator[Deploy]:
    """An empty database that the deployer, no superuser, owns; every hazard is approved."""
    made = Deploy(database, {"approve": EVERYTHING})
    made.sql("grant all on schema public to deployer, gp_owner, gp_reader")
    yield made
    made.close()
