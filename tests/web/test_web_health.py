"""Health: what a failed probe makes of the whole."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import APIRouter, Response
from fix_web import Log, client_of

from gatepost.session import Database, Faulty
from gatepost.web import Storage
from gatepost.web.health import DATABASE, Health, Probe, examine, respond


def broken(_database: Database) -> bool:
    raise Faulty("select secret from nowhere")


def works(_database: Database) -> bool:
    return True


def does_not(_database: Database) -> bool:
    return False


@pytest.mark.parametrize("check", [broken, does_not])
@pytest.mark.parametrize(("is_vital", "status"), [(True, "unhealthy"), (False, "degraded")])
def test_a_part_that_does_not_work(
    database: Database, check: Any, is_vital: bool, status: str, log: Log
) -> None:
    part = Probe("auto_save", check, "operational", "stopped", is_vital)
    health = examine(database, [DATABASE, part])
    assert health.status == status
    assert health.components == {"database": "healthy", "auto_save": "stopped"}
    assert "secret" not in log.text


def test_everything_works(database: Database) -> None:
    health = examine(database, [DATABASE, Probe("a", works, "functional")], lambda _database: {"posts": 3})
    assert health.status == "healthy"
    assert health.components == {"database": "healthy", "a": "functional"}
    assert health.metrics["posts"] == 3
    assert health.metrics["response_time_ms"] > 0
    assert health.timestamp.tzinfo is not None


def test_metrics_that_cannot_be_had_are_no_health(database: Database) -> None:
    def fail(_database: Database) -> dict[str, Any]:
        raise Faulty("no such table")

    health = examine(database, [DATABASE], fail)
    assert health.status == "degraded"
    assert set(health.metrics) == {"response_time_ms"}


@pytest.mark.parametrize(
    ("check", "is_vital", "code"), [(works, True, 200), (does_not, False, 200), (does_not, True, 503)]
)
def test_monitors_see_the_status_code(database: Database, check: Any, is_vital: bool, code: int) -> None:
    router = APIRouter()

    @router.get("/api/health/part")
    def part(storage: Storage, response: Response) -> Health:
        return respond(response, examine(storage, [Probe("part", check, is_vital=is_vital)]))

    response = client_of(database, [router]).get("/api/health/part")
    assert response.status_code == code
    assert set(response.json()) == {"status", "timestamp", "components", "metrics"}
