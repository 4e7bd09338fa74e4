"""Each probe has a fault that turns it, and the health answer says which."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from fix_platform import Deployed
from fix_web import headers_of, platform_app
from people import ADA, BO
from starlette.testclient import TestClient

from gatepost.session import Database, Identity
from gatepost.targets import EVENT_DELIVERY
from services.engagement_events.listener import Listener, listener_of
from services.engagement_events.system_status import SystemStatus

SERVICE = Identity.service()
ALL_WELL = {
    "database": "healthy",
    "partitions": "healthy",
    "archive": "healthy",
    "row_security": "healthy",
    "realtime": "healthy",
    "maintenance": "off",
}
OLD = """
    insert into public.engagement_events (user_id, event_type, timestamp, deleted_at)
    values (%s, 'test.old', now() - interval '40 days', now() - make_interval(days => %s))
"""


def health(database: Database) -> tuple[int, str, dict[str, str], dict[str, Any]]:
    client = TestClient(platform_app(database), raise_server_exceptions=False)
    response = client.get("/api/health/engagement-events")
    body = response.json()
    changed = {name: word for name, word in body["components"].items() if ALL_WELL[name] != word}
    return response.status_code, body["status"], changed, body["metrics"]


@pytest.fixture
def storage(copied: Deployed) -> Iterator[Database]:
    """A pool of its own, and so a listener of its own."""
    with Database(copied.url("authenticator")) as opened:
        yield opened


def test_all_is_well(storage: Database) -> None:
    code, status, changed, metrics = health(storage)
    assert (code, status, changed) == (200, "healthy", {})
    assert metrics.pop("response_time_ms") > 0
    assert metrics == {
        "due_for_archive": 0,
        "rls_violations_5_minutes": 0,
        "subscribers": 0,
        "listener_reconnects": 0,
        "delivery_delay_ms": {},
    }


def test_no_database() -> None:
    with Database("postgresql://nobody:x@127.0.0.1:1/none", wait=0.2) as nowhere:
        code, status, changed, _ = health(nowhere)
    assert (code, status) == (503, "unhealthy")
    assert changed["database"] == "unhealthy"


def test_no_partition_for_the_next_month(clone: Deployed) -> None:
    month = datetime.now(UTC).replace(day=1) + timedelta(days=31)
    with clone.superuser() as connection:
        connection.execute(f"drop table public.engagement_events_{month:%Y_%m}")  # type: ignore[arg-type]
    with Database(clone.url("authenticator")) as opened:
        assert health(opened)[:3] == (503, "unhealthy", {"partitions": "missing"})


@pytest.mark.parametrize(("days", "changed", "due"), [(30.5, {}, 1), (31.5, {"archive": "overdue"}, 1)])
def test_nobody_archives(
    copied: Deployed, storage: Database, days: float, changed: dict[str, str], due: int
) -> None:
    with copied.superuser() as connection:
        connection.execute(OLD.replace("days => %s", "hours => %s"), [ADA, int(days * 24)])
        try:
            code, status, found, metrics = health(storage)
        finally:
            connection.execute("delete from public.engagement_events where event_type = 'test.old'")
    assert (code, status, found) == (200, "degraded" if changed else "healthy", changed)
    assert metrics["due_for_archive"] == due


def test_row_security_refused_somebody(copied: Deployed, storage: Database) -> None:
    client = TestClient(platform_app(storage), raise_server_exceptions=False)
    body = {"events": [{"event_type": "a.b"}]}
    assert client.post(f"/api/events?user_id={ADA}", json=body, headers=headers_of(BO)).status_code == 403
    code, status, changed, metrics = health(storage)
    assert (code, status, changed) == (200, "degraded", {"row_security": "violations"})
    assert metrics["rls_violations_5_minutes"] == 1
    with copied.superuser() as connection:
        connection.execute("alter table public.security_audit_log disable trigger user")
        connection.execute("update public.security_audit_log set timestamp = now() - interval '6 minutes'")
        connection.execute("alter table public.security_audit_log enable trigger user")
    assert health(storage)[1] == "healthy"


def test_news_are_late(storage: Database) -> None:
    delays = listener_of(storage).delays
    for _ in range(95):
        delays.add(1.0)
    for _ in range(5):
        delays.add(EVENT_DELIVERY.limit + 1)
    assert health(storage)[1] == "healthy"
    delays.add(EVENT_DELIVERY.limit + 1)
    assert health(storage)[1:3] == ("degraded", {"realtime": "delayed"})


def test_news_do_not_come_in(storage: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect() -> psycopg.Connection:
        raise psycopg.OperationalError

    listener = listener_of(storage)
    monkeypatch.setattr(listener, "_connect", connect)
    assert isinstance(listener, Listener)
    with listener.subscribed(UUID(ADA), lambda: None):
        assert health(storage)[1:3] == ("degraded", {"realtime": "delayed"})


def test_maintenance_is_told(storage: Database) -> None:
    SystemStatus(storage).change(SERVICE, maintenance_mode=True)
    try:
        assert health(storage)[:3] == (200, "degraded", {"maintenance": "on"})
    finally:
        SystemStatus(storage).change(SERVICE, maintenance_mode=False)
    assert health(storage)[1] == "healthy"
