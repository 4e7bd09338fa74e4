"""`GET /api/health/integrations`: each fault by the part that notices it."""

from __future__ import annotations

from typing import LiteralString

import pytest
from fix_platform import Deployed
from starlette.testclient import TestClient

GOOD = {
    "database": "healthy",
    "integrations_table": "available",
    "active_lookup": "functional",
    "tenant_isolation": "active",
    "usage_counting": "operational",
    "clean_up": "scheduled",
    "executions": "finishing",
}
PATH = "/api/health/integrations"


def test_healthy(api: TestClient) -> None:
    response = api.get(PATH)
    document = response.json()
    assert response.status_code == 200, document
    assert document["status"] == "healthy"
    assert document["components"] == GOOD
    assert set(document["metrics"]) == {"response_time_ms", "error_rate_percent", "failing_integrations"}
    assert document["metrics"]["failing_integrations"] == 1


def test_the_error_rate_is_the_last_hours(api: TestClient, clone: Deployed) -> None:
    with clone.superuser() as connection:
        connection.execute("update workflow_execution_logs set created_at = now() - interval '2 hours'")
        connection.execute(
            "insert into workflow_execution_logs (organization_id, workflow, status, finished_at)"
            " select organization_id, 'w', case n when 1 then 'failed' else 'succeeded' end, now()"
            " from (select organization_id from integrations limit 1) as i, generate_series(1, 8) as n"
        )
    assert api.get(PATH).json()["metrics"]["error_rate_percent"] == 12.5


@pytest.mark.parametrize(
    ("fault", "part", "word", "status"),
    [
        ("alter table integrations rename to lost", "integrations_table", "unavailable", "unhealthy"),
        ("revoke select on integrations from authenticated", "active_lookup", "failing", "unhealthy"),
        ("alter table integrations disable row level security", "tenant_isolation", "broken", "unhealthy"),
        (
            "create policy open on integration_usage_daily to authenticated using (true)",
            "tenant_isolation",
            "broken",
            "unhealthy",
        ),
        (
            "alter table workflow_execution_logs disable trigger user",
            "usage_counting",
            "stopped",
            "unhealthy",
        ),
        (
            "drop trigger workflow_execution_logs_count_update on workflow_execution_logs",
            "usage_counting",
            "stopped",
            "unhealthy",
        ),
        ("update app.scheduled_jobs set last_error = 'disk full'", "clean_up", "failing", "degraded"),
        ("update app.scheduled_jobs set enabled = false", "clean_up", "failing", "degraded"),
        (
            "insert into workflow_execution_logs (organization_id, workflow, started_at)"
            " select organization_id, 'w', now() - interval '2 hours' from integrations limit 1",
            "executions",
            "stuck",
            "degraded",
        ),
    ],
)
def test_a_fault_is_noticed(
    api: TestClient, clone: Deployed, fault: LiteralString, part: str, word: str, status: str
) -> None:
    with clone.superuser() as connection:
        connection.execute(fault)
    response = api.get(PATH)
    document = response.json()
    assert document["components"][part] == word
    assert document["status"] == status
    assert response.status_code == (503 if status == "unhealthy" else 200)


def test_without_a_database(api: TestClient, clone: Deployed) -> None:
    with clone.superuser() as connection:
        connection.execute("alter role authenticator nologin")
    try:
        with clone.superuser() as connection:
            connection.execute(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = 'authenticator'"
            )
        response = api.get(PATH)
    finally:
        with clone.superuser() as connection:
            connection.execute("alter role authenticator login")
    assert response.status_code == 503
    assert response.json()["status"] == "unhealthy"
    assert response.json()["components"]["database"] == "unhealthy"
