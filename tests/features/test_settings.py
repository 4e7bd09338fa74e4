"""The stack's settings: what is read, derived and refused."""

import asyncio
import contextvars
from collections.abc import Mapping

import pulumi
import pytest

from gatepost.errors import UsageError
from infra import settings

URL = "postgresql://deployer:s3cret@db.example:6000/postgres"
SHARED = {
    "platform:environment": "staging",
    "platform:host": "db.example",
    "platform:password": "a",
    "platform:authenticatorPassword": "b",
    "platform:monitorPassword": "c",
}


def load(config: Mapping[str, str], stack: str = "local") -> settings.Settings:
    async def run() -> settings.Settings:
        pulumi.runtime.configure(pulumi.runtime.Settings(project="platform", stack=stack))
        pulumi.runtime.set_all_config(dict(config))
        return settings.load()

    return contextvars.copy_context().run(asyncio.run, run())


@pytest.fixture(autouse=True)
def own_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEPOST_DATABASE_URL", URL)


def test_local_needs_nothing() -> None:
    found = load({})
    assert (found.environment, found.database, found.shape) == ("local", "platform", "plain")
    assert (found.server.host, found.server.port, found.server.username) == ("db.example", 6000, "deployer")
    assert found.has_demo_data


def test_local_passwords_are_derived_each_its_own() -> None:
    passwords = load({}).passwords
    assert passwords.monitor == settings.derive_password("s3cret", "monitor")
    assert passwords.monitor != passwords.authenticator


def test_socket_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEPOST_DATABASE_URL", "postgresql://me@/postgres?host=/run/pg&sslmode=disable")
    server = load({}).server
    assert (server.host, server.username, server.sslmode) == ("/run/pg", "me", "disable")


def test_shared_stack() -> None:
    found = load(SHARED, "staging")
    assert (found.environment, found.server.host, found.server.sslmode) == (
        "staging",
        "db.example",
        "verify-full",
    )
    assert isinstance(found.server.password, pulumi.Output)
    assert not found.has_demo_data
    assert not found.read_statistics


def test_approvals() -> None:
    assert load({"platform:approve": '["DELETES_DATA"]'}).approve == ("DELETES_DATA",)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({**SHARED, "platform:port": "x"}, "platform:port: .*got 'x'"),
        ({**SHARED, "platform:environment": "prod"}, "platform:environment: .*got 'prod'"),
        ({**SHARED, "platform:shape": "round"}, "platform:shape: .*got 'round'"),
        ({**SHARED, "platform:database": "My DB"}, "platform:database: .*got 'My DB'"),
        ({**SHARED, "platform:sslmode": "yes"}, "platform:sslmode: .*got 'yes'"),
        ({**SHARED, "platform:shape": "supabase"}, 'set database to "postgres"'),
        ({"platform:environment": "staging"}, "platform:host is missing: pulumi config set platform:host"),
        ({"platform:environment": "staging"}, "set --secret platform:password"),
        ({"platform:environment": "staging"}, "set --secret platform:monitorPassword"),
        ({**SHARED, "platform:databse": "x"}, "platform:databse is no setting of this project"),
    ],
)
def test_wrong_settings_are_named(config: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load(config, "staging")


def test_secrets_are_not_shown() -> None:
    assert "s3cret" not in repr(load({}))


def test_url_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEPOST_DATABASE_URL", "localhost:5432")
    with pytest.raises(UsageError, match="GATEPOST_DATABASE_URL"):
        load({})
