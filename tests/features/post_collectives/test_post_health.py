"""The health answer, word for word as the deployment guide prints it, and the fault that each part tells."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from fix_platform import Deployed, copy_of
from fix_web import platform_app
from gazette import BO, GAZETTE, UNFINISHED
from starlette.testclient import TestClient

from gatepost.session import Database, Identity
from services.post_collectives import PostCollectiveError, PostCollectiveService

PATH = "/api/health/post-creation"
HEALTHY = {
    "database": "healthy",
    "post_collectives_table": "available",
    "collective_selection": "functional",
    "auto_save": "operational",
    "permission_validation": "active",
}


@pytest.fixture
def faulty(platform: Deployed) -> Iterator[Deployed]:
    """A copy of the platform to break."""
    with copy_of(platform, platform) as made:
        yield made


def asked(database: Database) -> tuple[int, dict[str, Any]]:
    client = TestClient(platform_app(database), raise_server_exceptions=False)
    answer = client.get(PATH)
    return answer.status_code, answer.json()


def broken(copied: Deployed, *faults: str) -> tuple[int, dict[str, Any]]:
    with copied.superuser() as connection:
        for fault in faults:
            connection.execute(fault.encode())
    with Database(copied.url("authenticator")) as database:
        return asked(database)


def bad(health: dict[str, Any]) -> dict[str, str]:
    return {name: word for name, word in health["components"].items() if word != HEALTHY[name]}


def test_healthy_as_the_guide_prints_it(database: Database) -> None:
    status, health = asked(database)
    assert status == 200
    assert list(health) == ["status", "timestamp", "components", "metrics"]
    assert (health["status"], health["components"]) == ("healthy", HEALTHY)
    assert list(health["components"]) == list(HEALTHY)
    assert abs((datetime.now(UTC) - datetime.fromisoformat(health["timestamp"])).total_seconds()) < 60
    metrics = health["metrics"]
    assert list(metrics) == ["response_time_ms", "error_rate_percent", "feature_flags"]
    assert 0 < metrics["response_time_ms"] < 5000
    assert metrics["error_rate_percent"] == 0
    assert metrics["feature_flags"] == {"multi_collective_posts": True, "enhanced_editor": True}


def test_probing_leaves_nothing(database: Database) -> None:
    count = (
        "select (select count(*) from public.post_drafts) + (select count(*) from public.post_draft_saves)"
        " + (select count(*) from public.post_collective_audit_log) as n"
    )
    before = database.value(Identity.service(), count)
    asked(database)
    assert database.value(Identity.service(), count) == before


def test_flags_are_those_of_the_database(faulty: Deployed) -> None:
    fault = "update feature_flags set enabled = false where name = 'enhanced_editor'"
    status, health = broken(faulty, fault)
    assert (status, health["metrics"]["feature_flags"]) == (
        200,
        {"multi_collective_posts": True, "enhanced_editor": False},
    )


@pytest.mark.parametrize(
    ("fault", "component", "word", "whole", "code"),
    [
        (
            "alter table post_collectives rename to gone",
            "post_collectives_table",
            "unavailable",
            "unhealthy",
            503,
        ),
        (
            "alter table post_collectives disable trigger post_collectives_record_delete",
            "post_collectives_table",
            "unavailable",
            "unhealthy",
            503,
        ),
        (
            "alter table post_collectives no force row level security",
            "post_collectives_table",
            "unavailable",
            "unhealthy",
            503,
        ),
        (
            "drop policy post_collectives_insert on post_collectives",
            "post_collectives_table",
            "unavailable",
            "unhealthy",
            503,
        ),
        (
            "drop function get_user_postable_collectives",
            "collective_selection",
            "broken",
            "degraded",
            200,
        ),
        (
            "alter table collective_members disable row level security",
            "collective_selection",
            "broken",
            "degraded",
            200,
        ),
        ("revoke insert on post_drafts from authenticated", "auto_save", "failing", "degraded", 200),
        ("drop function app.save_post_draft", "auto_save", "failing", "degraded", 200),
        (
            "drop function can_user_post_to_collective",
            "permission_validation",
            "inactive",
            "unhealthy",
            503,
        ),
        (
            "create or replace function can_user_post_to_collective(user_id uuid, collective_id uuid)"
            " returns boolean language sql as 'select true'",
            "permission_validation",
            "inactive",
            "unhealthy",
            503,
        ),
    ],
)
def test_each_part_tells_its_fault(
    faulty: Deployed, fault: str, component: str, word: str, whole: str, code: int
) -> None:
    status, health = broken(faulty, fault)
    assert bad(health) == {component: word}
    assert (status, health["status"]) == (code, whole)


def test_without_a_database_all_is_unhealthy(platform: Deployed) -> None:
    with Database(platform.url("authenticator").replace("/platform", "/nowhere"), wait=0.2) as gone:
        status, health = asked(gone)
    assert (status, health["status"], set(bad(health))) == (503, "unhealthy", set(HEALTHY))
    assert list(health["metrics"]) == ["response_time_ms", "error_rate_percent", "feature_flags"]


def test_many_failures_degrade(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    service = PostCollectiveService(database)
    monkeypatch.setattr(service, "_share", lambda *_: 1 / 0)
    for _ in range(5):
        with pytest.raises(PostCollectiveError):
            service.create_post_collective_associations(Identity.user(BO), UNFINISHED, BO, [GAZETTE])
    status, health = asked(database)
    assert (status, health["status"], bad(health)) == (200, "degraded", {})
    assert health["metrics"]["error_rate_percent"] > 5


def test_an_empty_platform_is_healthy(faulty: Deployed) -> None:
    status, health = broken(faulty, "delete from collectives")
    assert (status, health["status"]) == (200, "healthy")


def test_the_service_says_the_same(service: PostCollectiveService) -> None:
    assert service.get_service_health().components == HEALTHY
