"""What holds for every kind: settings, secrets, one reading of the catalog, work that was cut short."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from changes import POSTS, fill, posts
from fix_provider import Deploy, Refused, col, target_of, urn_of, wired
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import (
    CheckRequest,
    ConfigureRequest,
    CreateRequest,
    DiffRequest,
    ReadRequest,
)
from servers import Database

from gatepost.errors import ObjectExists, StatementFailed, UsageError
from gatepost.postgres import catalog
from gatepost.provider.provider import GatepostProvider
from gatepost.provider.values import UNKNOWN, plain_map

SETTINGS = {"host": "h", "username": "u", "database": "d", "port": "5432"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"host": None}, "host is missing: set it on the Provider"),
        ({"database": None}, "database is missing"),
        ({"port": "http"}, "port must be a number, got 'http'"),
        ({}, None),
        ({"port": UNKNOWN, "host": UNKNOWN}, None),
    ],
)
def test_settings_are_checked(settings: dict[str, Any], message: str | None) -> None:
    request = CheckRequest("urn", {}, wired({**SETTINGS, **settings}), b"")
    failures = asyncio.run(GatepostProvider().check_config(request)).failures or []
    reasons = [failure.reason for failure in failures]
    assert reasons == [] if message is None else [message in reason for reason in reasons] == [True]


def test_another_database_is_another_target() -> None:
    def replaces(**changed: str) -> list[str]:
        request = DiffRequest("urn", "id", wired(SETTINGS), wired({**SETTINGS, **changed}), [])
        return asyncio.run(GatepostProvider().diff_config(request)).replaces

    assert replaces(database="other") == ["database"]
    assert replaces(host="other", port="1") == []


def test_settings_that_are_not_known_yet_wait() -> None:
    provider = GatepostProvider()
    settings = wired({**SETTINGS, "host": UNKNOWN})
    asyncio.run(provider.configure(ConfigureRequest({}, settings, True, True)))
    inputs = wired({"schema": "public", "name": "t", "columns": [col("a")]})
    with pytest.raises(UsageError, match=r"settings are not known yet"):
        asyncio.run(provider.create(CreateRequest(urn_of("Table", "t"), inputs, 0, False)))


@pytest.mark.parametrize("missing", [{"database": "not_made_yet"}, {"role": "not_made_yet"}])
def test_preview_before_database_and_roles_are_made(deploy: Deploy, missing: dict[str, str]) -> None:
    inputs = wired({"schema": "public", "name": "t", "columns": [col("a")]})
    with deploy.next_deployment(**missing):
        request = CreateRequest(urn_of("Table", "t"), inputs, 0, True)
        asyncio.run(deploy.provider.create(request))
    assert "create table" in deploy.statements()[0]


def test_unknown_kind_is_named(deploy: Deploy) -> None:
    with pytest.raises(UsageError, match=r"no kind of object is called gatepost:index:Tabel: it is one of"):
        deploy.check("Tabel", "s", {})


class Counted(psycopg.Connection[Any]):
    """A connection that counts its statements."""

    count = 0

    def execute(self, *arguments: Any, **options: Any) -> Any:
        type(self).count += 1
        return super().execute(*arguments, **options)


@pytest.mark.parametrize("tables", [1, 40])
def test_catalog_is_read_in_as_many_queries_whatever_it_holds(database: Database, tables: int) -> None:
    with Counted.connect(database.superuser_url, autocommit=True) as connection:
        for number in range(tables):
            connection.execute(f"create table t{number} (id int primary key)")
        Counted.count = 0
        found = catalog.read_all(connection)
    assert len(found) == 2 * tables
    assert Counted.count == 2 * len(catalog.KINDS)


def test_refresh_reads_the_catalog_once(deploy: Deploy, monkeypatch: pytest.MonkeyPatch) -> None:
    readings = []
    read_all = catalog.read_all
    for number in range(12):
        deploy.table(f"t{number}", columns=[col("a")])
    monkeypatch.setattr(catalog, "read_all", lambda connection: readings.append(1) or read_all(connection))

    async def read(urn: str) -> Any:
        id_, properties = deploy.state[urn]
        return await deploy.provider.read(ReadRequest(urn, id_, dict(properties), {}))

    async def refresh() -> list[Any]:
        return await asyncio.gather(*(read(urn) for urn in deploy.state))

    found = asyncio.run(refresh())
    assert [one.properties for one in found] == [properties for _, properties in deploy.state.values()]
    assert len(readings) == 1
    deploy.table("t0", columns=[col("a"), col("b")])
    readings.clear()
    again = asyncio.run(read(urn_of("Table", "t0")))
    assert [column["name"] for column in plain_map(again.properties)["columns"]] == ["a", "b"]
    assert len(readings) == 1


# secrets

SECRET = "hunter2 o'clock"
KEYS = "create function keys() returns text language sql as $$ select '{}' $$".format(
    SECRET.replace("'", "''")
)


def told(deploy: Deploy) -> str:
    """All that anybody could read: plans, the ledger, the outputs that are not secret."""
    ledger = deploy.sql("select * from gatepost.ledger")
    clear = {
        name: value
        for _, properties in deploy.state.values()
        for name, value in plain_map({k: v for k, v in properties.items() if not v.contains_secret()}).items()
    }
    return f"{deploy.plans} {ledger} {clear}"


def test_secret_is_nowhere_in_clear(deploy: Deploy) -> None:
    assert deploy.function("keys", sql=PropertyValue(KEYS, is_secret=True)) == "create"
    assert (
        deploy.function("keys", sql=PropertyValue(KEYS.replace("select", "select  "), is_secret=True))
        == "update"
    )
    assert deploy.sql("select keys()") == [(SECRET,)]
    deploy.sql("comment on function keys is 'drifted'")
    assert deploy.refresh("Function", "keys") == "drift"
    deploy.delete("Function", "keys")
    assert "hunter2" not in told(deploy)
    assert deploy.sql("select count(*) from gatepost.ledger where statement like '[secret] %'") == [(4,)]


def test_secret_is_in_no_error(deploy: Deploy) -> None:
    def refused(sql: str) -> str:
        with pytest.raises((Refused, StatementFailed)) as error:
            deploy.function("keys", sql=PropertyValue(sql, is_secret=True))
        return str(error.value)

    assert "it holds a secret" in refused("create function hunter2 hunter2")
    assert "its message" not in refused(KEYS.replace("text", "int"))
    assert "(42P13)" in refused(KEYS.replace("text", "int"))
    for sql in ("create function hunter2 hunter2", KEYS.replace("text", "int"), "select 'hunter2'"):
        assert "hunter2" not in refused(sql)
    with pytest.raises(Refused) as error:
        deploy.table(columns=PropertyValue("hunter2", is_secret=True))
    assert "hunter2" not in str(error.value)


# work that was cut short


class CutShort(BaseException):
    """The deployer was killed."""


def interrupted(deploy: Deploy, after: int, change: Callable[[], object]) -> None:
    """Have the deployer end after so many batches of its plan, before any state is saved."""
    session = deploy.provider._session
    assert session
    run, done = session.runner._with_retries, []

    def run_and_end(batch: Any) -> None:
        run(batch)
        done.append(batch)
        if len(done) == after:
            raise CutShort

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session.runner, "_with_retries", run_and_end)
        with pytest.raises(CutShort):
            change()


def test_creation_cut_short_goes_on(deploy: Deploy) -> None:
    def create() -> str:
        return deploy.table(columns=POSTS, comment="c", privileges={"gp_reader": ["select"]})

    interrupted(deploy, 1, create)
    found = deploy.snapshot()
    assert found
    with deploy.next_deployment():
        assert create() == "create"
    assert deploy.statements() == []
    assert deploy.snapshot() == found


def test_creation_cut_short_between_its_batches_goes_on(deploy: Deploy) -> None:
    posts(deploy)
    fill(deploy)
    for batches in (1, 2):
        name = f"k{batches}"

        def create(name: str = name) -> str:
            return deploy.constraint(name, kind="check", expression="views >= 0", comment="c")

        interrupted(deploy, batches, create)
        with deploy.next_deployment():
            assert create() == "create"
        found = deploy.must_have("constraints", name)
        assert (found["validated"], found["comment"]) == (True, "c")


@pytest.mark.parametrize("batches", [1, 2])
def test_key_cut_short_goes_on(deploy: Deploy, batches: int) -> None:
    posts(deploy)
    fill(deploy)

    def create() -> str:
        return deploy.constraint("k", kind="primary_key", columns=["id"], comment="c")

    interrupted(deploy, batches, create)
    with deploy.next_deployment():
        assert create() == "create"
    assert [key.object for key in deploy.snapshot() if key.object] == ["k"]


def test_secret_creation_cut_short_goes_on(deploy: Deploy) -> None:
    def create() -> str:
        return deploy.function("keys", sql=PropertyValue(KEYS, is_secret=True))

    interrupted(deploy, 1, create)
    with deploy.next_deployment():
        assert create() == "create"


def test_update_cut_short_goes_on(deploy: Deploy) -> None:
    posts(deploy)
    fill(deploy)
    added = [*POSTS, col("note", comment="c")]
    interrupted(deploy, 1, lambda: deploy.table(columns=added))
    with deploy.next_deployment():
        assert deploy.table(columns=added) == "update"
    assert deploy.statements() == []
    renamed = {"schema": "public", "name": "articles", "columns": added}
    interrupted(deploy, 1, lambda: deploy.deploy("Table", "posts", renamed))
    with deploy.next_deployment():
        assert deploy.deploy("Table", "posts", renamed) == "update"
    deploy.must_have("tables", "articles")


@pytest.mark.parametrize("batches", [1, 2, 3])
def test_exchange_cut_short_goes_on(deploy: Deploy, batches: int) -> None:
    posts(deploy)
    deploy.index("i", columns=["author"])
    fill(deploy)
    interrupted(deploy, batches, lambda: deploy.index("i", columns=["title"], comment="c"))
    with deploy.next_deployment():
        deploy.index("i", columns=["title"], comment="c")
    found = deploy.snapshot()
    assert [key.object for key in found if key.kind == "indexes"] == ["i"]
    assert "(title)" in deploy.must_have("indexes", "i")["definition"]


def test_another_resources_object_is_foreign(deploy: Deploy) -> None:
    posts(deploy)
    before = deploy.snapshot()
    inputs = {"schema": "public", "name": "posts", "columns": POSTS}
    for preview in (True, False):
        request = CreateRequest(urn_of("Table", "other"), wired(inputs), 0, preview)
        with pytest.raises(ObjectExists, match=r'Table "other": public.posts exists already'):
            asyncio.run(deploy.provider.create(request))
    assert deploy.snapshot() == before


def test_password_is_never_shown(database: Database) -> None:
    target = target_of(database.deployer_url)
    assert target.password
    assert target.password not in f"{target!r} {target}"
