"""The dashboard view and the health function."""

import pytest
from fix_platform import Stage
from people import ACME, ACME_EMAIL, ACME_TELEGRAM, ACME_WHATSAPP, ADA, CLEO, GLOBEX

HEALTH = "select health, reason from app.integration_health(%(organization)s) where integration_id = %(id)s"
EXECUTE = (
    "insert into workflow_execution_logs"
    " (organization_id, integration_id, workflow, status, started_at, finished_at)"
    " select %(organization)s, %(id)s, 'w', %(status)s, now(), now() from generate_series(1, %(times)s)"
)


def health(stage: Stage, integration: str) -> dict[str, str]:
    (row,) = stage.as_user(ADA).run(HEALTH, organization=ACME, id=integration)
    return row


def test_dashboard_shows_seven_days(stage: Stage) -> None:
    (row,) = stage.as_user(ADA).run(
        "select * from integration_dashboard where integration_id = %(id)s", id=ACME_WHATSAPP
    )
    (expected,) = stage.service.run(
        "select count(*) as executions, count(*) filter (where status = 'failed') as failed"
        " from workflow_execution_logs where integration_id = %(id)s"
        " and (started_at at time zone 'UTC')::date > (now() at time zone 'UTC')::date - 7",
        id=ACME_WHATSAPP,
    )
    assert (row["type_name"], row["name"], row["status"]) == ("WhatsApp", "Support line", "active")
    assert (row["executions_7d"], row["failed_7d"]) == (expected["executions"], expected["failed"])
    assert float(row["failure_rate_7d"]) == pytest.approx(
        expected["failed"] / expected["executions"], abs=1e-4
    )
    assert 1000 <= row["mean_duration_ms_7d"] <= 5000


def test_dashboard_shows_integrations_that_never_ran(stage: Stage) -> None:
    (row,) = stage.as_user(ADA).run(
        "select * from integration_dashboard where integration_id = %(id)s", id=ACME_TELEGRAM
    )
    assert (row["executions_7d"], row["failed_7d"], row["failure_rate_7d"]) == (0, 0, None)


def test_degraded(stage: Stage) -> None:
    assert health(stage, ACME_WHATSAPP)["health"] == "degraded"


def test_healthy(stage: Stage) -> None:
    stage.service.run(EXECUTE, organization=ACME, id=ACME_EMAIL, status="succeeded", times=100)
    assert health(stage, ACME_EMAIL)["health"] == "healthy"


def test_failing_by_rate(stage: Stage) -> None:
    stage.service.run(EXECUTE, organization=ACME, id=ACME_EMAIL, status="failed", times=100)
    assert health(stage, ACME_EMAIL)["health"] == "failing"


def test_failing_by_status(stage: Stage) -> None:
    rows = stage.as_user(CLEO).run("select * from app.integration_health(%(id)s) order by name", id=GLOBEX)
    assert [row["health"] for row in rows] == ["degraded", "failing"]
    assert rows[1]["reason"] == "status is error"


def test_inactive(stage: Stage) -> None:
    assert health(stage, ACME_TELEGRAM) == {"health": "inactive", "reason": "status is inactive"}


def test_unused(stage: Stage) -> None:
    stage.as_user(ADA).run("update integrations set status = 'active' where id = %(id)s", id=ACME_TELEGRAM)
    assert health(stage, ACME_TELEGRAM) == {"health": "unused", "reason": "no execution in 7 days"}
