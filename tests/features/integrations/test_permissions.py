"""Admins manage integrations, members read them, nobody writes what triggers keep."""

import pytest
from fix_platform import Stage
from people import ACME, ACME_EMAIL, ACME_WHATSAPP, ADA, BO

CHANGES = [
    "update integrations set status = 'inactive' where id = %(id)s",
    "delete from integrations where id = %(id)s",
]
INSERT = (
    "insert into integrations (organization_id, type, name)"
    " values (%(organization)s, 'sms', 'Texts') returning status"
)


@pytest.mark.parametrize("statement", CHANGES)
def test_only_admins_change(stage: Stage, statement: str) -> None:
    assert stage.as_user(BO).count(statement, id=ACME_EMAIL) == 0
    assert stage.as_user(ADA).count(statement, id=ACME_EMAIL) == 1


def test_only_admins_insert(stage: Stage) -> None:
    stage.service.run("insert into integration_types (type, name) values ('sms', 'SMS')")
    stage.as_user(BO).denied(INSERT, organization=ACME)
    assert stage.as_user(ADA).run(INSERT, organization=ACME) == [{"status": "inactive"}]


def test_members_read(stage: Stage) -> None:
    assert stage.as_user(BO).count("select from integrations where id = %(id)s", id=ACME_EMAIL) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "update integrations set created_by = null",
        "update integrations set last_used_at = now()",
        "update integrations set organization_id = organization_id",
        "insert into integrations (id, organization_id, type) values (gen_random_uuid(), %(o)s, 'email')",
        "insert into workflow_execution_logs (organization_id, workflow) values (%(o)s, 'w')",
        "update integration_usage_daily set executions = 0",
        "insert into integration_types (type, name) values ('fax', 'Fax')",
        "truncate integrations cascade",
        "select app.cleanup_inactive_integrations()",
        "select app.cleanup_execution_logs()",
        "call app.run_due_jobs()",
        "select * from monitoring.system_health()",
        "select * from monitoring.security_findings()",
    ],
)
def test_admins_may_not(stage: Stage, statement: str) -> None:
    stage.as_user(ADA).denied(statement, **({"o": ACME} if "%(o)s" in statement else {}))


@pytest.mark.parametrize(
    "statement",
    [
        "update integration_usage_daily set executions = 0",
        "update security_events set severity = 'info'",
        "update app.scheduled_jobs set routine = 'app.other'",
        "insert into app.scheduled_jobs (name, routine, every) values ('x', 'app.x', '1 day')",
        "truncate workflow_execution_logs",
        "select * from monitoring.system_health_checks",
    ],
)
def test_services_may_not(stage: Stage, statement: str) -> None:
    stage.service.denied(statement)


def test_executions_are_read_by_members(stage: Stage) -> None:
    query = "select from workflow_execution_logs where integration_id = %(id)s"
    assert stage.as_user(BO).count(query, id=ACME_WHATSAPP) == 56
