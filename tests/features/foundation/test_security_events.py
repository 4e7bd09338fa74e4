"""Changes of access leave a trace that nobody can alter."""

import psycopg
import pytest
from fix_platform import Deployed, Stage
from people import ACME, ADA, BO, CLEO, EVE

INVITE = "insert into memberships (organization_id, user_id, role) values (%(o)s, %(u)s, %(r)s)"


def test_membership_changes_are_recorded(stage: Stage) -> None:
    stage.as_user(ADA).run(INVITE, o=ACME, u=EVE, r="member")
    stage.as_user(ADA).run("update memberships set role = 'admin' where user_id = %(u)s", u=EVE)
    stage.as_user(ADA).run(
        "delete from memberships where user_id = %(u)s and organization_id = %(o)s", u=EVE, o=ACME
    )
    rows = stage.as_user(ADA).run(
        "select kind, severity, actor_id::text, database_role from security_events"
        " where coalesce(detail #>> '{after,user_id}', detail #>> '{before,user_id}') = %(u)s order by kind",
        u=EVE,
    )
    assert [tuple(row.values()) for row in rows] == [
        ("memberships.delete", "warning", ADA, "authenticated"),
        ("memberships.insert", "info", ADA, "authenticated"),
        ("memberships.update", "warning", ADA, "authenticated"),
    ]


def test_only_admins_of_the_organization_see_them(stage: Stage) -> None:
    count = "select from security_events where organization_id = %(o)s"
    assert stage.as_user(ADA).count(count, o=ACME) > 0
    assert stage.as_user(BO).count(count, o=ACME) == 0
    assert stage.as_user(CLEO).count(count, o=ACME) == 0
    stage.anonymous.denied(count, o=ACME)


def test_services_report_what_the_database_cannot_see(stage: Stage) -> None:
    report = (
        "insert into security_events (kind, severity, actor_id) values ('sign_in.failed', 'critical', %(u)s)"
    )
    assert stage.service.count(report, u=ADA) == 1
    stage.as_user(ADA).denied(report, u=ADA)
    stage.service.denied("insert into security_events (kind, occurred_at) values ('sign_in.failed', 'epoch')")


@pytest.mark.parametrize(
    "statement",
    ["update security_events set kind = 'a.b'", "delete from security_events", "truncate security_events"],
)
def test_append_only_even_for_the_superuser(clone: Deployed, statement: str) -> None:
    with (
        clone.superuser() as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"),
    ):
        connection.execute(statement)
