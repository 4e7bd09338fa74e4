"""Deleted events move to the archive, each exactly once, whoever runs at the same time and dies."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psycopg
import pytest
from fix_platform import Deployed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from people import ADA

ARCHIVE = "select app.archive_old_deleted_events(batch => %s)"
FILL = """
    insert into public.engagement_events (id, user_id, event_type, value, timestamp, deleted_at)
    select md5('old ' || n)::uuid, %s, 'test.old', jsonb_build_object('n', n),
        now() - make_interval(days => n %% 40),
        case when n %% 3 > 0 then now() - make_interval(days => 20 + n %% 3 * 10) end
    from generate_series(1, %s) as n
"""
EVERYWHERE = """
    select 'table' as place, id, value, timestamp, deleted_at, recorded_at from public.engagement_events
    where event_type = 'test.old'
    union all
    select 'archive', id, value, timestamp, deleted_at, recorded_at from public.engagement_events_archive
    where event_type = 'test.old'
"""


@pytest.fixture
def filled(copied: Deployed) -> Deployed:
    """600 events, a third each live, deleted 30 days ago to the moment, and deleted longer ago."""
    with copied.superuser() as connection:
        connection.execute("delete from public.engagement_events where event_type = 'test.old'")
        connection.execute("delete from public.engagement_events_archive")
        connection.execute(FILL, [ADA, 600])
    return copied


def archive(platform: Deployed, batch: int) -> int:
    with platform.connect(autocommit=True) as connection:
        connection.execute("set role service_role")
        row = connection.execute(ARCHIVE, [batch]).fetchone()
    assert row is not None
    return int(row["archive_old_deleted_events"])


def everywhere(platform: Deployed) -> dict[str, dict[object, object]]:
    found: dict[str, dict[object, object]] = {"table": {}, "archive": {}}
    with platform.superuser() as connection:
        for row in connection.execute(EVERYWHERE):
            place, key = row.pop("place"), row.pop("id")
            assert key not in found["table"] | found["archive"], f"{key} is there twice"
            found[place][key] = row
    return found


def test_what_was_deleted_long_ago_moves_unchanged_in_batches(filled: Deployed) -> None:
    before = everywhere(filled)["table"]
    sizes = [archive(filled, 150) for _ in range(4)]
    assert sizes == [150, 150, 100, 0]
    after = everywhere(filled)
    assert after["table"] | after["archive"] == before
    assert len(after["archive"]) == 400


def test_younger_deletions_wait(filled: Deployed) -> None:
    with filled.superuser() as connection:
        connection.execute(
            "update public.engagement_events set deleted_at = now() - interval '29 days 23 hours'"
            " where event_type = 'test.old'"
        )
    assert archive(filled, 1000) == 0


@pytest.mark.parametrize("wrong", ["batch => 0", "batch => 100001", "older_than => '23 hours'"])
def test_senseless_arguments_are_refused(copied: Deployed, wrong: str) -> None:
    with copied.connect() as connection:
        connection.execute("set local role service_role")
        with pytest.raises(psycopg.errors.InvalidParameterValue, match="give at least 1 day"):
            connection.execute(f"select app.archive_old_deleted_events({wrong})")  # type: ignore[arg-type]


def test_it_is_a_scheduled_job(filled: Deployed) -> None:
    with filled.connect(autocommit=True) as connection:
        connection.execute("set role service_role")
        connection.execute("update app.scheduled_jobs set next_run_at = now()")
        connection.execute("call app.run_due_jobs()")
    assert len(everywhere(filled)["archive"]) == 400


def test_users_neither_run_it_nor_see_the_archive(copied: Deployed) -> None:
    for statement in (
        "select app.archive_old_deleted_events()",
        "select from public.engagement_events_archive",
    ):
        with copied.connect() as connection:
            connection.execute("set local role authenticated")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)  # type: ignore[arg-type]


def test_a_run_that_dies_has_moved_nothing(filled: Deployed) -> None:
    before = everywhere(filled)
    with filled.connect() as connection:
        connection.execute("set local role service_role")
        connection.execute(ARCHIVE, [300])
        with filled.superuser() as killer:
            killer.execute("select pg_terminate_backend(%s)", [connection.info.backend_pid])
        with pytest.raises(psycopg.OperationalError):
            connection.execute("select 1")
    assert everywhere(filled) == before
    assert archive(filled, 1000) == 400


def test_what_is_being_restored_stays_and_nobody_waits(filled: Deployed) -> None:
    restore = (
        "update public.engagement_events set deleted_at = null where id = ("
        " select id from public.engagement_events where deleted_at < now() - interval '35 days' limit 1)"
    )
    with filled.connect() as restoring:
        restoring.execute("set local role service_role")
        assert restoring.execute(restore).rowcount == 1
        with filled.connect() as archiving:
            archiving.execute("set local role service_role")
            archiving.execute("set local lock_timeout = '2s'")
            assert archiving.execute(ARCHIVE, [1000]).fetchone() == {"archive_old_deleted_events": 399}
            archiving.commit()
        restoring.commit()
    assert archive(filled, 1000) == 0
    assert len(everywhere(filled)["table"]) == 201


def kill_some(platform: Deployed, ended: threading.Event) -> int:
    killed = 0
    while not ended.wait(0.003):
        with platform.superuser() as connection:
            killed += connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where query like '%%archive_old_deleted%%' and state = 'active'"
                " and pid <> pg_backend_pid() and datname = current_database() order by random() limit 1"
            ).rowcount
    return killed


@given(batch=st.integers(1, 250), runners=st.integers(1, 4), killed=st.booleans())
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_event_is_in_one_place_exactly_once(
    copied: Deployed, batch: int, runners: int, killed: bool
) -> None:
    with copied.superuser() as connection:
        connection.execute("delete from public.engagement_events where event_type = 'test.old'")
        connection.execute("delete from public.engagement_events_archive")
        connection.execute(FILL, [ADA, 600])
    before = everywhere(copied)["table"]
    ended = threading.Event()

    def run(_: int) -> None:
        for _ in range(3):
            with suppress(psycopg.OperationalError):
                archive(copied, batch)

    with ThreadPoolExecutor(runners + 1) as pool:
        killer = pool.submit(kill_some, copied, ended) if killed else None
        list(pool.map(run, range(runners)))
        ended.set()
        if killer:
            killer.result()
    after = everywhere(copied)
    assert after["table"] | after["archive"] == before
    while archive(copied, 1000):
        pass
    assert len(everywhere(copied)["archive"]) == 400
