"""What an integration may be, and its audit fields."""

import psycopg
import pytest
from fix_platform import Stage
from people import ACME, ACME_EMAIL, ADA, CLEO, GLOBEX
from psycopg.types.json import Jsonb

INSERT = (
    "insert into integrations (organization_id, type, name, status, config, credentials_ref)"
    " values (%(organization)s, %(type)s, %(name)s, %(status)s, %(config)s, %(credentials)s)"
    " returning *"
)
VALID = {
    "organization": GLOBEX,
    "type": "telegram",
    "name": "Bot",
    "status": "active",
    "config": Jsonb({"bot": "b", "nested": [{"deep": 1}]}),
    "credentials": "vault://globex/telegram",
}


def test_valid_integration_is_accepted(stage: Stage) -> None:
    (row,) = stage.as_user(CLEO).run(INSERT, **VALID)
    assert (row["type"], row["status"]) == ("telegram", "active")


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"status": "paused"}, "integrations_status_check"),
        ({"name": ""}, "integrations_name_check"),
        ({"config": Jsonb([])}, "integrations_config_check"),
        ({"config": Jsonb({"Password": "x"})}, "integrations_config_secret_check"),
        ({"config": Jsonb({"smtp": [{"api_key": "x"}]})}, "integrations_config_secret_check"),
        ({"credentials": "hunter2"}, "integrations_credentials_ref_check"),
        ({"type": "fax"}, "integrations_type_fkey"),
        ({"type": "email"}, "integrations_organization_id_type_key"),
    ],
)
def test_invalid_integration_is_refused(stage: Stage, change: dict[str, object], constraint: str) -> None:
    with pytest.raises(psycopg.errors.IntegrityError) as refused:
        stage.as_user(CLEO).run(INSERT, **{**VALID, **change})
    assert refused.value.diag.constraint_name == constraint


def test_unknown_organization_is_refused(stage: Stage) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        stage.service.run(INSERT, **{**VALID, "organization": "00000000-0000-4000-8000-0000000000ff"})


def test_new_type_is_a_row(stage: Stage) -> None:
    stage.service.run("insert into integration_types (type, name) values ('signal', 'Signal')")
    assert stage.as_user(CLEO).count(INSERT, **{**VALID, "type": "signal"}) == 1


def test_type_in_use_stays(stage: Stage) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        stage.service.run("delete from integration_types where type = 'email'")


def test_deleting_an_organization_deletes_its_integrations(stage: Stage) -> None:
    stage.service.run("delete from organizations where id = %(id)s", id=ACME)
    for table in ("integrations", "workflow_execution_logs", "integration_usage_daily", "memberships"):
        query = psycopg.sql.SQL("select distinct organization_id::text as id from {}")
        rows = stage.service.run(query.format(psycopg.sql.Identifier(table)))
        assert ACME not in {row["id"] for row in rows}


def test_creation_is_audited(stage: Stage) -> None:
    (row,) = stage.as_user(CLEO).run(INSERT, **VALID)
    (now,) = stage.service.run("select now() as now")
    assert str(row["created_by"]) == str(row["updated_by"]) == CLEO
    assert row["created_at"] == row["updated_at"] == now["now"]


def test_change_is_audited_and_creation_kept(stage: Stage) -> None:
    audit = "select created_at, created_by, updated_at, updated_by from integrations where id = %(id)s"
    (before,) = stage.service.run(audit, id=ACME_EMAIL)
    stage.as_user(ADA).run("update integrations set name = 'News' where id = %(id)s", id=ACME_EMAIL)
    (after,) = stage.service.run(audit, id=ACME_EMAIL)
    assert str(after["updated_by"]) == ADA
    assert after["updated_at"] > before["updated_at"]
    assert (after["created_at"], after["created_by"]) == (before["created_at"], before["created_by"])


def test_service_cannot_forge_audit_fields(stage: Stage) -> None:
    (row,) = stage.service.run(
        "update integrations set name = 'x', created_at = 'epoch', created_by = %(ada)s, updated_by = %(ada)s"
        " where id = %(id)s returning created_at < '2000-01-01' as forged, created_by, updated_by",
        id=ACME_EMAIL,
        ada=ADA,
    )
    assert row == {"forged": False, "created_by": None, "updated_by": None}


def test_new_credentials_are_a_security_event_without_the_reference(stage: Stage) -> None:
    stage.as_user(ADA).run(
        "update integrations set credentials_ref = 'vault://new' where id = %(id)s", id=ACME_EMAIL
    )
    (event,) = stage.as_user(ADA).run("select * from security_events where kind = 'integrations.update'")
    assert (str(event["actor_id"]), event["database_role"]) == (ADA, "authenticated")
    assert event["detail"]["after"]["name"] == "Newsletter"
    assert "vault" not in str(event["detail"])
