"""One tick runs what is due, alone or beside others, and a failure stops nothing."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from fix_platform import Deployed

RECORD = """
create table app.job_runs (job text);
grant insert on app.job_runs to service_role;
create function app.quick() returns void language sql as 'insert into app.job_runs (job) values (''quick'')';
create function app.slow() returns void language plpgsql as
    'begin insert into app.job_runs (job) values (''slow''); perform pg_sleep(0.5); end';
create function app.broken() returns void language plpgsql as
    'begin insert into app.job_runs (job) values (''broken''); raise exception ''no luck''; end';
grant execute on function app.quick, app.slow, app.broken to service_role;
delete from app.scheduled_jobs;
insert into app.scheduled_jobs (name, routine, every) values ('broken', 'app.broken', '1 hour');
insert into app.scheduled_jobs (name, routine, every) values ('slow', 'app.slow', '1 hour');
insert into app.scheduled_jobs (name, routine, every) values ('quick', 'app.quick', '1 hour');
"""


@pytest.fixture
def jobs(clone: Deployed) -> Deployed:
    with clone.superuser() as connection:
        connection.execute(RECORD)
    return clone


def tick(platform: Deployed) -> None:
    with platform.connect(autocommit=True) as connection:
        connection.execute("set role service_role")
        connection.execute("call app.run_due_jobs()")


def runs(platform: Deployed) -> list[str]:
    with platform.superuser() as connection:
        return sorted(row["job"] for row in connection.execute("select job from app.job_runs"))


def test_tick_runs_each_due_job_once(jobs: Deployed) -> None:
    tick(jobs)
    tick(jobs)
    assert runs(jobs) == ["quick", "slow"]


def test_failure_is_recorded_rolled_back_and_tried_again(jobs: Deployed) -> None:
    tick(jobs)
    with jobs.superuser() as connection:
        query = "select last_error, failures_in_a_row, next_run_at > now() as later from app.scheduled_jobs"
        (row,) = connection.execute(f"{query} where name = 'broken'").fetchall()
        assert row == {"last_error": "no luck", "failures_in_a_row": 1, "later": True}
        connection.execute("create or replace function app.broken() returns void language sql as 'select'")
        connection.execute("update app.scheduled_jobs set next_run_at = now()")
        tick(jobs)
        (row,) = connection.execute(f"{query} where name = 'broken'").fetchall()
        assert row == {"last_error": None, "failures_in_a_row": 0, "later": True}


def test_concurrent_ticks_share_the_jobs(jobs: Deployed) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(tick, [jobs] * 4))
    assert runs(jobs) == ["quick", "slow"]


def test_disabled_and_later_jobs_wait(jobs: Deployed) -> None:
    with jobs.superuser() as connection:
        connection.execute("update app.scheduled_jobs set enabled = false where name = 'quick'")
        connection.execute(
            "update app.scheduled_jobs set next_run_at = now() + interval '1 day' where name = 'slow'"
        )
    tick(jobs)
    assert runs(jobs) == []


def test_the_declared_jobs_run(clone: Deployed) -> None:
    tick(clone)
    with clone.superuser() as connection:
        rows = connection.execute("select name, last_error, last_run_at from app.scheduled_jobs").fetchall()
    assert len(rows) > 3
    assert [row for row in rows if row["last_error"] is not None or row["last_run_at"] is None] == []


def test_tick_does_not_wait_for_a_running_job(jobs: Deployed) -> None:
    with jobs.superuser() as running, running.transaction():
        running.execute("select from app.scheduled_jobs where name = 'slow' for update")
        with jobs.connect(autocommit=True) as connection:
            connection.execute("set role service_role")
            connection.execute("set lock_timeout = '2s'")
            connection.execute("call app.run_due_jobs()")
        assert runs(jobs) == ["quick"]
