"""Old inactive integrations and old executions go, in batches, and leave a trace."""

from collections.abc import Iterator

import psycopg
import pytest
from fix_platform import Deployed, Stage
from people import ACME, ACME_EMAIL, ACME_TELEGRAM, ACME_WHATSAPP, GLOBEX_EMAIL

CLEAN = "select app.cleanup_inactive_integrations(%(older_than)s::interval, %(batch)s) as removed"


@pytest.fixture
def aged(clone: Deployed) -> Iterator[Stage]:
    """A stage on a copy where every row is 100 days old, which no role of the platform can pretend."""
    with clone.superuser() as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(
            "update integrations set created_at = now() - interval '100 days',"
            " updated_at = now() - interval '100 days', last_used_at = null"
        )
        connection.execute("update workflow_execution_logs set created_at = now() - interval '100 days'")
    with clone.connect() as connection:
        connection.execute("select 1")
        yield Stage(connection)
        connection.rollback()


def test_inactive_and_unused_is_removed_with_an_event(aged: Stage) -> None:
    assert aged.service.run(CLEAN, older_than="90 days", batch=10) == [{"removed": 1}]
    assert aged.service.count("select from integrations where id = %(id)s", id=ACME_TELEGRAM) == 0
    (event,) = aged.service.run("select * from security_events where kind = 'integrations.delete'")
    assert str(event["organization_id"]) == ACME
    assert (event["detail"]["before"]["name"], event["database_role"]) == ("Old bot", "service_role")


def test_younger_ones_stay(aged: Stage) -> None:
    assert aged.service.run(CLEAN, older_than="101 days", batch=10) == [{"removed": 0}]


def test_active_and_failing_ones_stay(aged: Stage) -> None:
    aged.service.run(CLEAN, older_than="1 day", batch=10)
    assert aged.service.count("select from integrations") == 4


def test_recently_changed_ones_stay(aged: Stage) -> None:
    aged.service.run("update integrations set name = 'Kept' where id = %(id)s", id=ACME_TELEGRAM)
    assert aged.service.run(CLEAN, older_than="90 days", batch=10) == [{"removed": 0}]


def test_recently_used_ones_stay(aged: Stage) -> None:
    aged.service.run(
        "insert into workflow_execution_logs (organization_id, integration_id, workflow)"
        " values (%(o)s, %(i)s, 'w')",
        o=ACME,
        i=ACME_TELEGRAM,
    )
    assert aged.service.run(CLEAN, older_than="90 days", batch=10) == [{"removed": 0}]


def test_batches(clone: Deployed) -> None:
    with clone.superuser() as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(
            "update integrations set status = 'inactive', last_used_at = null,"
            " created_at = now() - interval '100 days', updated_at = now() - interval '100 days'"
        )
    with clone.connect() as connection:
        connection.execute("select 1")
        service = Stage(connection).service
        removed = [service.run(CLEAN, older_than="90 days", batch=2)[0]["removed"] for _ in range(4)]
    assert removed == [2, 2, 1, 0]


@pytest.mark.parametrize(("older_than", "batch"), [("1 hour", 10), ("90 days", 0), ("90 days", 100_000)])
def test_dangerous_arguments_are_refused(stage: Stage, older_than: str, batch: int) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="give at least 1 day"):
        stage.service.run(CLEAN, older_than=older_than, batch=batch)


def test_concurrent_cleanups_share_the_rows(clone: Deployed) -> None:
    with clone.superuser() as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(
            "update integrations set status = 'inactive', last_used_at = null,"
            " created_at = now() - interval '100 days', updated_at = now() - interval '100 days'"
        )
    with clone.connect() as one, clone.connect() as other:
        one.execute("select 1")
        other.execute("select 1")
        first = Stage(one).service.run(CLEAN, older_than="90 days", batch=3)
        second = Stage(other).service.run(CLEAN, older_than="90 days", batch=3)
    assert (first, second) == ([{"removed": 3}], [{"removed": 2}])


def test_old_executions_go_in_batches_and_usage_stays(aged: Stage) -> None:
    usage = "select sum(executions) as n from integration_usage_daily"
    before = aged.service.run(usage)
    removed = [
        aged.service.run("select app.cleanup_execution_logs('90 days', 100) as n")[0]["n"] for _ in range(3)
    ]
    assert removed == [100, 68, 0]
    assert aged.service.run(usage) == before


def test_demo_executions_are_young(stage: Stage) -> None:
    assert stage.service.run("select app.cleanup_execution_logs() as n") == [{"n": 0}]
    for integration in (ACME_WHATSAPP, ACME_EMAIL, GLOBEX_EMAIL):
        query = "select from workflow_execution_logs where integration_id = %(id)s"
        assert stage.service.count(query, id=integration) == 56
