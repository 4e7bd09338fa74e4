"""What all kinds share: settings, previews, unknowns, secrets, imports, failures and races."""

import asyncio
import subprocess
import sys
import threading

import psycopg
import pytest
from pulumi.provider.experimental import provider as api
from pulumi.provider.experimental.property_value import PropertyValue
from servers import at

from gatepost import errors
from gatepost.engine.postgresql import PostgresqlProvider
from gatepost.engine.postgresql.values import UNKNOWN, plain, wire

URN = "urn:pulumi:test::test::{}::{}"
ROLE = URN.format("postgresql:index/role:Role", "service")


def run(awaitable):
    return asyncio.run(awaitable)


def check_config(**inputs):
    wired = {key: wire(value) for key, value in inputs.items()}
    urn = URN.format("pulumi:providers:postgresql", "target")
    return run(PostgresqlProvider().check_config(api.CheckRequest(urn, {}, wired, b"")))


def test_settings_are_stored_as_strings():
    response = check_config(host="h", port=5544, superuser=True, connectTimeout="180", password="p")
    assert {key: plain(value) for key, value in response.inputs.items()} == {
        "host": "h", "port": "5544", "superuser": "true", "connectTimeout": "180", "password": "p",
        "version": "3.18.2", "__internal": {},
    }  # fmt: skip
    assert response.inputs["password"].is_secret
    assert not response.failures


@pytest.mark.parametrize(("key", "value"), [("hots", "h"), ("port", "five"), ("superuser", "maybe")])
def test_settings_that_cannot_be_right(key, value):
    assert [failure.property for failure in check_config(**{key: value}).failures] == [key]


def test_changed_settings_do_not_replace():
    old = {"host": wire("a"), "version": wire("3.18.2")}
    news = {"host": wire("b"), "version": wire("3.18.2"), "__internal": wire({})}
    response = run(PostgresqlProvider().diff_config(api.DiffRequest("", "", old, news, [])))
    assert (response.changes, response.diffs, response.replaces) == (True, ["host"], [])


def test_what_exists_is_compared_without_a_connection_and_without_psycopg():
    program = (
        "import asyncio, sys\n"
        "from gatepost.engine.postgresql import PostgresqlProvider\n"
        "from gatepost.engine.postgresql.values import wire\n"
        "from pulumi.provider.experimental import provider as api\n"
        "p = PostgresqlProvider()\n"
        "asyncio.run(p.configure(api.ConfigureRequest({}, {'host': wire('nowhere.invalid')}, True, True)))\n"
        f"request = api.CheckRequest({ROLE!r}, {{}}, {{'name': wire('x')}}, b'')\n"
        "inputs = asyncio.run(p.check(request)).inputs\n"
        f"asyncio.run(p.diff(api.DiffRequest({ROLE!r}, 'x', inputs, inputs, [])))\n"
        f"asyncio.run(p.update(api.UpdateRequest({ROLE!r}, 'x', inputs, inputs, 0, [], True)))\n"
        "sys.exit('psycopg' in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_preview_says_what_is_known():
    provider, urn = PostgresqlProvider(), URN.format("postgresql:index/database:Database", "db")
    inputs = {"name": wire(UNKNOWN), "owner": wire("o", secret=True)}
    checked = run(provider.check(api.CheckRequest(urn, {}, inputs, b"")))
    assert not checked.failures
    made = run(provider.create(api.CreateRequest(urn, checked.inputs, 0, True))).properties
    assert plain(made["name"]) == UNKNOWN
    assert made["owner"] == wire("o", secret=True)
    assert plain(made["encoding"]) == UNKNOWN
    assert plain(made["connectionLimit"]) == -1
    old = made | {"encoding": wire("UTF8"), "name": wire("db")}
    updated = run(provider.update(api.UpdateRequest(urn, "db", old, checked.inputs, 0, [], True))).properties
    assert plain(updated["encoding"]) == "UTF8"
    assert plain(updated["name"]) == UNKNOWN


def test_diff_compares_secrets_by_what_they_hide():
    old = {
        "name": wire("x"),
        "password": wire("p", secret=True),
        "inherit": wire(True),
        "connectionLimit": wire(-1),
    }
    old |= {"validUntil": wire("infinity"), "encryptedPassword": wire(True)}
    provider, news = PostgresqlProvider(), old | {"password": wire("p"), "__defaults": wire([])}
    assert not run(provider.diff(api.DiffRequest(ROLE, "x", old, news, []))).changes
    news["password"] = wire("q", secret=True)
    assert run(provider.diff(api.DiffRequest(ROLE, "x", old, news, []))).diffs == ["password"]
    assert not run(provider.diff(api.DiffRequest(ROLE, "x", old, news, ["password"]))).changes


def test_other_types_are_refused_by_name():
    urn = URN.format("postgresql:index/function:Function", "f")
    with pytest.raises(errors.UnsupportedFeature, match="postgresql:index/function:Function"):
        run(PostgresqlProvider().check(api.CheckRequest(urn, {}, {}, b"")))


def test_unreachable_server(stack):
    stack.configure(port=1)
    with pytest.raises(errors.ServerUnreachable, match='Role "service"'):
        stack.create("Role", "service", name="service")


def test_wrong_password(stack):
    stack.configure(password="wrong")
    with pytest.raises(errors.AuthenticationFailed, match='Role "service"') as caught:
        stack.create("Role", "service", name="service")
    assert "wrong" not in str(caught.value)


def test_settings_of_the_cli_only_are_refused(stack):
    stack.configure(awsRdsIamAuth="true")
    with pytest.raises(errors.UnsupportedFeature, match="awsRdsIamAuth"):
        stack.create("Role", "service", name="service")


@pytest.mark.parametrize("kind", ["Role", "Database", "Schema"])
def test_import(stack, pg, kind):
    stack.create("Database", "db", name="imported_db", connectionLimit=4)
    stack.create("Schema", "schema", name="app", database="imported_db")
    stack.create("Role", "role", name="imported_role", login=True)
    identity = {"Role": "imported_role", "Database": "imported_db", "Schema": "imported_db.app"}[kind]
    made = next(resource for resource in stack.resources if resource.id == identity)
    response = run(stack.provider.read(api.ReadRequest(made.urn, identity, {}, {})))
    assert response.resource_id == identity
    assert {key: plain(value) for key, value in made.inputs.items() if key in response.inputs} == {
        key: plain(value) for key, value in response.inputs.items() if key in made.inputs
    }
    made.outputs = response.properties
    assert not stack.diff(made).changes
    missing = run(stack.provider.read(api.ReadRequest(made.urn, "imported_no.thing", {}, {})))
    assert not missing.resource_id


def test_refresh_brings_the_inputs_up_to_date(stack, pg):
    made = stack.create("Role", "service", name="service", password=PropertyValue("p", is_secret=True))
    pg.query("alter role service connection limit 5")
    response = run(stack.provider.read(api.ReadRequest(made.urn, made.id, made.outputs, made.inputs)))
    assert plain(response.inputs["connectionLimit"]) == 5
    assert response.inputs["password"] == PropertyValue("p", is_secret=True)


def test_statements_are_reported_once_they_took_effect(stack):
    stack.create("Role", "service", name="service", password=PropertyValue("p", is_secret=True))
    assert stack.statements == ["create role \"service\" password '…'"]
    stack.statements.clear()
    with pytest.raises(errors.ObjectExists):
        stack.create("Role", "service", name="service")
    assert stack.statements == []


def test_concurrent_grants_all_arrive(stack, pg):
    """Sixteen writers, each of which joins the same owner, while another program grants on the same rows."""
    stack.create("Role", "owner", name="owner")
    for number in range(16):
        stack.create("Role", f"r{number}", name=f"r{number}")
    stack.create("Database", "db", name="racedb", owner="owner")
    stack.create("Schema", "app", name="app", database="racedb", owner="owner")
    ended = threading.Event()

    def disturb():
        url = at(pg.server.superuser_url, "racedb")
        with psycopg.connect(url, autocommit=True) as connection:
            while not ended.is_set():
                for statement in (
                    "grant usage on schema app to r0",
                    "grant connect on database racedb to r1",
                ):
                    try:
                        connection.execute(statement)
                    except psycopg.errors.InternalError_:
                        continue

    thread = threading.Thread(target=disturb)
    thread.start()
    requests = []
    for number in range(16):
        inputs = {"database": "racedb", "role": f"r{number}", "objectType": "schema", "schema": "app"}
        checked = stack.checked("Grant", f"g{number}", privileges=["USAGE"], **inputs)
        requests.append(
            api.CreateRequest(URN.format("postgresql:index/grant:Grant", f"g{number}"), checked, 0, False)
        )

    async def create_all():
        return await asyncio.gather(*(stack.provider.create(request) for request in requests))

    try:
        run(create_all())
    finally:
        ended.set()
        thread.join()
    holders = pg.query(
        "select count(*) from pg_roles"
        " where rolname ~ '^r[0-9]+$' and has_schema_privilege(rolname, 'app', 'usage')",
        database="racedb",
    )
    assert holders == [(16,)]
