"""Usage is counted by triggers, once, whoever executes."""

from fix_platform import Deployed, Stage
from people import ACME, ACME_EMAIL, ACME_TELEGRAM, ACME_WHATSAPP, ADA

INSERT = (
    "insert into workflow_execution_logs"
    " (organization_id, integration_id, workflow, status, started_at, finished_at)"
    " values (%(organization)s, %(integration)s, 'w', %(status)s, %(at)s, %(finished)s) returning id"
)
RUNNING = {
    "organization": ACME,
    "integration": ACME_TELEGRAM,
    "status": "running",
    "at": "2026-03-01 12:00+00",
    "finished": None,
}
DONE = {**RUNNING, "status": "succeeded", "finished": "2026-03-01 12:00:02+00"}
USAGE = (
    "select day::text, executions, succeeded, failed, duration_ms from integration_usage_daily"
    " where integration_id = %(id)s order by day"
)


def usage_of_telegram(stage: Stage) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in stage.as_user(ADA).run(USAGE, id=ACME_TELEGRAM)]


def test_demo_rows_are_counted(stage: Stage) -> None:
    (counted,) = stage.as_user(ADA).run(
        "select sum(executions) as executions, sum(failed) as failed from integration_usage_daily"
        " where integration_id = %(id)s",
        id=ACME_WHATSAPP,
    )
    assert counted == {"executions": 56, "failed": 8}


def test_finished_execution_counts_with_its_result(stage: Stage) -> None:
    stage.service.run(INSERT, **DONE)
    stage.service.run(INSERT, **{**DONE, "status": "failed"})
    assert usage_of_telegram(stage) == [("2026-03-01", 2, 1, 1, 4000)]


def test_running_execution_counts_its_result_when_it_has_one(stage: Stage) -> None:
    (log,) = stage.service.run(INSERT, **RUNNING)
    assert usage_of_telegram(stage) == [("2026-03-01", 1, 0, 0, 0)]
    finish = (
        "update workflow_execution_logs set status = 'failed', finished_at = %(at)s, error = 'e'"
        " where id = %(id)s"
    )
    stage.service.run(finish, id=log["id"], at="2026-03-01 12:00:03+00")
    assert usage_of_telegram(stage) == [("2026-03-01", 1, 0, 1, 3000)]
    stage.service.run("update workflow_execution_logs set error = 'other' where id = %(id)s", id=log["id"])
    assert usage_of_telegram(stage) == [("2026-03-01", 1, 0, 1, 3000)]


def test_many_executions_in_one_statement(stage: Stage) -> None:
    stage.service.run(
        "insert into workflow_execution_logs"
        " (organization_id, integration_id, workflow, status, started_at, finished_at)"
        " select %(organization)s, %(integration)s, 'w', 'succeeded', at, at + interval '1 second'"
        " from generate_series('2026-03-01 00:00+00', '2026-03-02 23:00+00', interval '1 hour') as at",
        organization=ACME,
        integration=ACME_TELEGRAM,
    )
    assert usage_of_telegram(stage) == [("2026-03-01", 24, 24, 0, 24000), ("2026-03-02", 24, 24, 0, 24000)]


def test_execution_without_integration_counts_nowhere(stage: Stage) -> None:
    before = stage.service.run("select sum(executions) as n from integration_usage_daily")
    stage.service.run(INSERT, **{**DONE, "integration": None})
    assert stage.service.run("select sum(executions) as n from integration_usage_daily") == before


def test_usage_outlives_the_log(stage: Stage) -> None:
    stage.service.run(INSERT, **DONE)
    stage.service.run("delete from workflow_execution_logs where integration_id = %(id)s", id=ACME_TELEGRAM)
    assert usage_of_telegram(stage) == [("2026-03-01", 1, 1, 0, 2000)]


def test_last_use_is_kept_and_is_no_change_by_a_user(stage: Stage) -> None:
    stage.as_user(ADA).run("update integrations set name = 'Bot 2' where id = %(id)s", id=ACME_TELEGRAM)
    stage.service.run(INSERT, **DONE)
    (row,) = stage.service.run(
        "select last_used_at = %(at)s as used, updated_by from integrations where id = %(id)s",
        at=DONE["at"],
        id=ACME_TELEGRAM,
    )
    assert row["used"] is True
    assert str(row["updated_by"]) == ADA


def last_use_of_telegram(stage: Stage) -> object:
    query = (
        "select to_char(last_used_at at time zone 'UTC', 'HH24:MI:SS') as at"
        " from integrations where id = %(id)s"
    )
    return stage.service.run(query, id=ACME_TELEGRAM)[0]["at"]


def test_last_use_is_kept_to_the_minute(stage: Stage) -> None:
    stage.service.run(INSERT, **DONE)
    stage.service.run(INSERT, **{**DONE, "at": "2026-03-01 12:00:01+00"})
    assert last_use_of_telegram(stage) == "12:00:00"
    stage.service.run(INSERT, **{**RUNNING, "at": "2026-03-01 12:01:01+00"})
    assert last_use_of_telegram(stage) == "12:01:01"


def test_concurrent_executions_are_all_counted(clone: Deployed) -> None:
    with clone.connect() as one, clone.connect() as other:
        one_stage, other_stage = Stage(one), Stage(other)
        one.execute("select 1")
        other.execute("select 1")
        one_stage.service.run(INSERT, **{**DONE, "integration": ACME_EMAIL})
        other_stage.service.run(INSERT, **DONE)
        one.commit()
        other.commit()
        one.execute("select 1")
        assert usage_of_telegram(one_stage) == [("2026-03-01", 1, 1, 0, 2000)]
