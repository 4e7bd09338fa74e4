"""Each component of system health has a fault that makes it unhealthy, and the test makes that fault."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
import pytest
from fix_platform import Deployed, copy_of

HEALTH = "select component, status, measure, detail from monitoring.system_health()"


def health(platform: Deployed, component: str) -> dict[str, Any]:
    with platform.connect("monitor") as connection:
        rows = connection.execute(f"{HEALTH} where component = %s", [component]).fetchall()
    assert len(rows) == 1, f"{component} is not reported"
    return rows[0]


def set_thresholds(platform: Deployed, component: str, warning: float, critical: float) -> None:
    with platform.connect("monitor") as connection:
        connection.execute(
            "update monitoring.health_thresholds set warning = %s, critical = %s where component = %s",
            [warning, critical, component],
        )


def eventually(check: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "the fault was not noticed in time"
        time.sleep(0.1)


@contextmanager
def session(platform: Deployed) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(platform.superuser_url) as connection:
        yield connection
        connection.rollback()


def test_every_component_is_reported_and_none_is_critical(platform: Deployed) -> None:
    with platform.connect("monitor") as connection:
        rows = connection.execute(HEALTH).fetchall()
    assert len(rows) == 9
    assert [row for row in rows if row["status"] == "critical" and row["component"] != "cache_misses"] == []


def test_connections(platform: Deployed) -> None:
    with platform.superuser() as connection:
        limit = connection.execute("select current_setting('max_connections')::int as n").fetchone()
    assert limit is not None
    assert health(platform, "connections")["status"] == "ok"
    with ExitStack() as opened:
        for _ in range(int(limit["n"] * 0.85)):
            opened.enter_context(psycopg.connect(platform.superuser_url))
        eventually(lambda: health(platform, "connections")["status"] == "warning")


def test_oldest_transaction(clone: Deployed) -> None:
    set_thresholds(clone, "oldest_transaction", 0.3, 3600)
    assert health(clone, "oldest_transaction")["status"] == "ok"
    with session(clone) as connection:
        connection.execute("select 1")
        eventually(lambda: health(clone, "oldest_transaction")["status"] == "warning")
        assert str(connection.info.backend_pid) in health(clone, "oldest_transaction")["detail"]


def test_blocked_sessions(clone: Deployed) -> None:
    set_thresholds(clone, "blocked_sessions", 0.2, 3600)
    assert health(clone, "blocked_sessions")["status"] == "ok"
    with session(clone) as holder, session(clone) as waiter:
        holder.execute("lock table integrations")
        waiter.execute("set statement_timeout = '20s'")
        waiter.pgconn.send_query(b"select 1 from integrations")
        eventually(lambda: health(clone, "blocked_sessions")["status"] == "warning")
        holder.rollback()
        while waiter.pgconn.get_result() is not None:
            pass


def test_cache_misses(platform: Deployed, clone: Deployed) -> None:
    with clone.superuser() as connection:
        connection.execute("create table big as select repeat('x', 100) as x from generate_series(1, 200000)")
        connection.execute("select pg_stat_reset()")
        read_big(connection)
    eventually(lambda: health(clone, "cache_misses")["status"] == "ok")
    with copy_of(platform, clone) as cold, cold.superuser() as connection:
        read_big(connection)
        eventually(lambda: health(cold, "cache_misses")["status"] == "critical")


def read_big(connection: psycopg.Connection[Any]) -> None:
    connection.execute("select count(x) from big")
    connection.execute("select pg_stat_force_next_flush()")
    connection.execute("select 1")


def test_invalid_indexes(clone: Deployed) -> None:
    assert health(clone, "invalid_indexes")["status"] == "ok"
    with clone.superuser() as connection, pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute("create unique index concurrently broken_idx on integrations (status)")
    found = health(clone, "invalid_indexes")
    assert (found["status"], found["detail"]) == ("warning", "broken_idx")


def test_wraparound(clone: Deployed) -> None:
    now = health(clone, "wraparound")
    assert now["status"] == "ok"
    set_thresholds(clone, "wraparound", float(now["measure"]) + 50, 2_000_000_000)
    assert health(clone, "wraparound")["status"] == "ok"
    with clone.superuser() as connection:
        for _ in range(60):
            connection.execute("select pg_current_xact_id()")
    assert health(clone, "wraparound")["status"] == "warning"


def test_dead_tuples(clone: Deployed) -> None:
    with clone.superuser() as connection:
        connection.execute("create table dying (id int) with (autovacuum_enabled = off)")
        connection.execute("insert into dying select generate_series(1, 5000)")
        assert health(clone, "dead_tuples")["status"] == "ok"
        connection.execute("delete from dying where id > 1000")
        connection.execute("select pg_stat_force_next_flush()")
    eventually(lambda: health(clone, "dead_tuples")["status"] == "critical")
    assert "dying: 4000 dead" in health(clone, "dead_tuples")["detail"]


def test_replication_slots(clone: Deployed) -> None:
    set_thresholds(clone, "replication_slots", 1, 1000)
    assert health(clone, "replication_slots")["status"] == "ok"
    with clone.superuser() as connection:
        connection.execute("select pg_create_physical_replication_slot('forgotten', true)")
        try:
            connection.execute("create table wal as select repeat('x', 1000) from generate_series(1, 3000)")
            eventually(lambda: health(clone, "replication_slots")["status"] == "warning")
            assert health(clone, "replication_slots")["detail"] == "forgotten"
        finally:
            connection.execute("select pg_drop_replication_slot('forgotten')")


def test_scheduled_jobs(clone: Deployed) -> None:
    assert health(clone, "scheduled_jobs")["status"] == "ok"
    with clone.superuser() as connection:
        connection.execute("update app.scheduled_jobs set next_run_at = now() - interval '2 days'")
        assert health(clone, "scheduled_jobs")["status"] == "critical"
        connection.execute("update app.scheduled_jobs set next_run_at = now() + interval '1 day'")
        assert health(clone, "scheduled_jobs")["status"] == "ok"
        connection.execute(
            "update app.scheduled_jobs set failures_in_a_row = 1, last_error = 'no luck'"
            " where name = 'record system health'"
        )
    assert health(clone, "scheduled_jobs")["detail"] == "record system health: no luck"


def test_unseen_is_unknown_and_not_ok(clone: Deployed) -> None:
    with clone.superuser() as connection:
        connection.execute("revoke pg_read_all_stats from app_monitor granted by deployer")
        try:
            assert health(clone, "oldest_transaction")["status"] == "unknown"
        finally:
            connection.execute("grant pg_read_all_stats to app_monitor granted by deployer")


def test_history_is_kept_for_thirty_days(clone: Deployed) -> None:
    with clone.superuser() as connection:
        connection.execute(
            "insert into monitoring.system_health_checks (checked_at, component, status, detail)"
            " values (now() - interval '31 days', 'connections', 'ok', 'old')"
        )
    with clone.connect() as connection:
        connection.execute("set local role service_role")
        connection.execute("select monitoring.record_system_health()")
        connection.commit()
    with clone.connect("monitor") as connection:
        rows = connection.execute("select detail from monitoring.system_health_checks").fetchall()
    assert len(rows) == 9
    assert "old" not in {row["detail"] for row in rows}
