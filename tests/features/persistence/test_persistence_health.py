"""Each probe says healthy, and what its fault makes of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fix_platform import Deployed
from fix_web import platform_app
from people import ADA
from starlette.testclient import TestClient

from gatepost.session import Database

HEALTHY = {
    "database": "healthy",
    "versions": "kept",
    "positions": "in order",
    "sync": "succeeding",
    "migrations": "succeeding",
}
FAULTS = {
    "trigger off": (
        "alter table groups disable trigger groups_sync",
        {"versions": "not kept"},
        503,
    ),
    "tombstones off": (
        "alter table archived_terms disable trigger archived_terms_tombstone",
        {"versions": "not kept"},
        503,
    ),
    "restored elsewhere": (
        "insert into sync_pushes (id, user_id, device, pushed_in)"
        f" values (gen_random_uuid(), '{ADA}', 'd', '9000000000')",
        {"positions": "from before a restore"},
        503,
    ),
    "pushes fail": (
        "insert into sync_pushes (id, user_id, device, outcome, problem) select gen_random_uuid(),"
        f" '{ADA}', 'd', case when n = 1 then 'failed' else 'succeeded' end, case when n = 1 then 'x' end"
        " from generate_series(1, 9) as n",
        {"sync": "failing"},
        200,
    ),
    "a migration fails": (
        "insert into migration_logs (user_id, client_id, outcome, problem)"
        f" values ('{ADA}', 'g', 'failed', 'x')",
        {"migrations": "failing"},
        200,
    ),
}
MEND = """
alter table groups enable trigger groups_sync;
alter table archived_terms enable trigger archived_terms_tombstone;
delete from sync_pushes;
delete from migration_logs;
"""


@pytest.fixture
def healthy(clone: Deployed, database: Database) -> Iterator[TestClient]:
    yield TestClient(platform_app(database), raise_server_exceptions=False)
    with clone.superuser() as connection:
        connection.execute(MEND)


def test_healthy(healthy: TestClient) -> None:
    answer = healthy.get("/api/health/persistence")
    assert (answer.status_code, answer.json()["status"]) == (200, "healthy")
    assert answer.json()["components"] == HEALTHY
    assert {"push_success_rate", "migration_success_rate", "outbox_total"} <= answer.json()["metrics"].keys()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_noticed(healthy: TestClient, clone: Deployed, fault: str) -> None:
    statement, told, status = FAULTS[fault]
    with clone.superuser() as connection:
        connection.execute(statement.encode())
    answer = healthy.get("/api/health/persistence")
    assert answer.json()["components"] == {**HEALTHY, **told}
    assert answer.status_code == status
    assert answer.json()["status"] == ("unhealthy" if status == 503 else "degraded")


def test_nine_of_ten_are_enough(healthy: TestClient, clone: Deployed) -> None:
    statement, _, _ = FAULTS["pushes fail"]
    with clone.superuser() as connection:
        connection.execute(statement.replace("series(1, 9)", "series(1, 10)").encode())
    assert healthy.get("/api/health/persistence").json()["components"]["sync"] == "succeeding"


def test_a_lost_database_is_unhealthy() -> None:
    with Database("postgresql://nobody@127.0.0.1:1/none", wait=0.2) as lost:
        answer = TestClient(platform_app(lost), raise_server_exceptions=False).get("/api/health/persistence")
    assert (answer.status_code, answer.json()["components"]["database"]) == (503, "unhealthy")
