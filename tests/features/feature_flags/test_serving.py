"""Flags as they are served: through OpenFeature in memory, over REST in one round trip, and their health."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fix_platform import Deployed
from fix_web import ANONYMOUS, bearer, headers_of, platform_app, token_of
from openfeature import api as openfeature
from openfeature.client import OpenFeatureClient
from openfeature.evaluation_context import EvaluationContext
from openfeature.event import EventDetails, ProviderEvent
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import Reason
from people import ADA, BO
from psycopg.sql import SQL, Identifier
from starlette.testclient import TestClient

from gatepost.session import Database, SessionError
from services.feature_flags.flags import flags_of, segments_of
from services.feature_flags.provider import DatabaseFlags

HEALTHY = {"database": "healthy", "flags": "known", "buckets": "alike", "history": "complete"}


def change(platform: Deployed, statement: str) -> None:
    with platform.superuser() as connection:
        connection.execute(statement.encode())


def until(is_so: Callable[[], object], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


@pytest.fixture
def flags(database: Database) -> Iterator[OpenFeatureClient]:
    openfeature.set_provider_and_wait(DatabaseFlags(database, refresh=0.05))
    yield openfeature.get_client()
    openfeature.clear_providers()


def test_a_change_gets_through_and_says_which(flags: OpenFeatureClient, clone: Deployed) -> None:
    seen: list[EventDetails] = []
    flags.add_handler(ProviderEvent.PROVIDER_CONFIGURATION_CHANGED, seen.append)
    before = flags.get_boolean_details("persistence_v2", True, EvaluationContext(ADA))
    assert not before.value
    change(
        clone,
        "update feature_flags set enabled = true, rollout_percentage = 100 where name = 'persistence_v2'",
    )
    until(lambda: flags.get_boolean_value("persistence_v2", False, EvaluationContext(ADA)))
    until(lambda: seen)
    assert seen[0].flags_changed == ["persistence_v2"]
    change(clone, "update feature_flags set enabled = false where name = 'persistence_v2'")
    until(lambda: not flags.get_boolean_value("persistence_v2", True, EvaluationContext(ADA)))
    details = flags.get_boolean_details("persistence_v2", True, EvaluationContext(ADA))
    assert (details.reason, details.variant) == (Reason.DISABLED, "off")
    assert details.flag_metadata["version"] == int(str(before.flag_metadata["version"])) + 2


def test_a_segment_comes_first(flags: OpenFeatureClient, clone: Deployed, database: Database) -> None:
    change(clone, "update feature_flags set enabled = true where name = 'persistence_v2'")
    staff = EvaluationContext(ADA, {"segments": segments_of(database, ADA)})
    until(lambda: flags.get_boolean_value("persistence_v2", False, staff))
    assert not flags.get_boolean_value("persistence_v2", False, EvaluationContext(BO))
    assert flags_of(database, ADA)["persistence_v2"]
    assert not flags_of(database, BO)["persistence_v2"]


def test_what_is_unknown_or_no_boolean_is_the_default(flags: OpenFeatureClient) -> None:
    details = flags.get_boolean_details("no_such_flag", True)
    assert (details.value, details.error_code) == (True, ErrorCode.FLAG_NOT_FOUND)
    asked: list[tuple[Callable[..., Any], Any]] = [
        (flags.get_string_details, "x"),
        (flags.get_integer_details, 7),
        (flags.get_float_details, 0.5),
        (flags.get_object_details, {"a": 1}),
    ]
    for ask, default in asked:
        details = ask("enhanced_editor", default)
        assert (details.value, details.error_code) == (default, ErrorCode.TYPE_MISMATCH)


def test_the_last_known_values_go_on_while_the_database_is_lost(
    flags: OpenFeatureClient, clone: Deployed
) -> None:
    stale: list[EventDetails] = []
    ready: list[EventDetails] = []
    flags.add_handler(ProviderEvent.PROVIDER_STALE, stale.append)
    allow = SQL("alter database {} allow_connections {}")
    with clone.server_connection() as connection:
        connection.execute(allow.format(Identifier(clone.name), SQL("false")))
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [clone.name]
        )
    until(lambda: stale)
    details = flags.get_boolean_details("enhanced_editor", False, EvaluationContext(ADA))
    assert (details.value, details.reason) == (True, Reason.STALE)
    flags.add_handler(ProviderEvent.PROVIDER_READY, ready.append)
    with clone.server_connection() as connection:
        connection.execute(allow.format(Identifier(clone.name), SQL("true")))
    until(lambda: flags.get_boolean_details("enhanced_editor", False).reason == Reason.SPLIT, seconds=20)
    until(lambda: ready)


def test_without_a_database_there_is_nothing_to_begin_with() -> None:
    with Database("postgresql://nobody@127.0.0.1:1/none", wait=0.2) as lost, pytest.raises(SessionError):
        openfeature.set_provider_and_wait(DatabaseFlags(lost))
    openfeature.clear_providers()


@pytest.fixture
def api(database: Database) -> TestClient:
    return TestClient(platform_app(database), raise_server_exceptions=False)


def test_everybody_is_told_their_own_flags(api: TestClient, clone: Deployed) -> None:
    change(clone, "update feature_flags set enabled = true where name = 'persistence_v2'")
    guest = bearer(token_of(None, client_id="g", is_anonymous=True))
    on = [headers_of(ADA)]
    off = [headers_of(BO), guest, ANONYMOUS]
    for headers in on + off:
        told = api.get("/api/flags", headers=headers).json()["flags"]
        assert told == {
            "collective_validation": True,
            "enhanced_editor": True,
            "multi_collective_posts": True,
            "persistence_v2": headers in on,
        }
    assert api.get("/api/flags").status_code == 401


@pytest.mark.parametrize(
    ("fault", "told", "status"),
    [
        ("select", {}, "healthy"),
        ("delete from feature_flags where name = 'enhanced_editor'", {"flags": "missing"}, "unhealthy"),
        (
            "create or replace function app.flag_bucket(salt text, unit text) returns integer"
            " language sql immutable strict return length(salt || unit)",
            {"buckets": "different"},
            "unhealthy",
        ),
        (
            "alter table feature_flags disable trigger feature_flags_change;"
            "update feature_flags set description = 'changed in secret'",
            {"history": "incomplete"},
            "degraded",
        ),
    ],
)
def test_health(api: TestClient, clone: Deployed, fault: str, told: dict[str, str], status: str) -> None:
    change(clone, fault)
    answer = api.get("/api/health/feature-flags")
    assert answer.json()["components"] == {**HEALTHY, **told}
    assert (answer.json()["status"], answer.status_code) == (status, 503 if status == "unhealthy" else 200)
    assert status == "unhealthy" or answer.json()["metrics"]["feature_flags"]["multi_collective_posts"]
