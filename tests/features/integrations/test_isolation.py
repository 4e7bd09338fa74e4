"""No organization sees or changes another's integrations, whatever the command."""

import psycopg
import pytest
from fix_platform import Stage
from people import ACME, ACME_EMAIL, ADA, BO, CLEO, DAN, EVE, GLOBEX, GLOBEX_EMAIL

TENANT_TABLES = (
    "integrations",
    "workflow_execution_logs",
    "integration_usage_daily",
    "integration_dashboard",
)


@pytest.mark.parametrize("table", TENANT_TABLES)
@pytest.mark.parametrize(
    ("user", "organizations"),
    [(ADA, {ACME}), (BO, {ACME, GLOBEX}), (CLEO, {GLOBEX}), (DAN, {GLOBEX}), (EVE, set()), (None, set())],
)
def test_reads_only_own_organizations(
    stage: Stage, table: str, user: str | None, organizations: set[str]
) -> None:
    query = psycopg.sql.SQL("select distinct organization_id::text as id from {}")
    rows = stage.as_user(user).run(query.format(psycopg.sql.Identifier(table)))
    assert {row["id"] for row in rows} == organizations


def test_admin_cannot_insert_for_another_organization(stage: Stage) -> None:
    insert = (
        "insert into integrations (organization_id, type, name) values (%(organization)s, 'telegram', 'Bot')"
    )
    stage.as_user(ADA).denied(insert, organization=GLOBEX)
    assert stage.as_user(CLEO).count(insert, organization=GLOBEX) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "update integrations set name = 'mine' where id = %(id)s",
        "delete from integrations where id = %(id)s",
    ],
)
def test_admin_cannot_touch_another_organizations_row(stage: Stage, statement: str) -> None:
    assert stage.as_user(ADA).count(statement, id=GLOBEX_EMAIL) == 0
    assert stage.as_user(CLEO).count(statement, id=GLOBEX_EMAIL) == 1


def test_row_cannot_be_moved_to_another_organization(stage: Stage) -> None:
    stage.as_user(ADA).denied(
        "update integrations set organization_id = %(to)s where id = %(id)s", to=GLOBEX, id=ACME_EMAIL
    )


def test_upsert_cannot_take_over_another_organizations_row(stage: Stage) -> None:
    stage.as_user(ADA).denied(
        "insert into integrations (organization_id, type, name) values (%(organization)s, 'email', 'Taken')"
        " on conflict (organization_id, type) do update set name = excluded.name",
        organization=GLOBEX,
    )


def test_execution_cannot_name_another_organizations_integration(stage: Stage) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        stage.service.run(
            "insert into workflow_execution_logs (organization_id, integration_id, workflow)"
            " values (%(organization)s, %(integration)s, 'w')",
            organization=ACME,
            integration=GLOBEX_EMAIL,
        )


def test_health_function_tells_nothing_of_others(stage: Stage) -> None:
    query = "select * from app.integration_health(%(organization)s)"
    assert stage.as_user(ADA).run(query, organization=GLOBEX) == []
    assert len(stage.as_user(CLEO).run(query, organization=GLOBEX)) == 2


@pytest.mark.parametrize(
    "table", [*TENANT_TABLES, "integration_types", "organizations", "users", "memberships"]
)
def test_anonymous_is_denied(stage: Stage, table: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        stage.anonymous.run(psycopg.sql.SQL("select from {}").format(psycopg.sql.Identifier(table)))


def test_service_sees_every_organization(stage: Stage) -> None:
    rows = stage.service.run("select distinct organization_id::text as id from integrations")
    assert {row["id"] for row in rows} == {ACME, GLOBEX}
