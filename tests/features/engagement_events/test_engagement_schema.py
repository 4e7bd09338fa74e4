"""What the deployment guide checks after a migration, and its monitoring views."""

from __future__ import annotations

import json
import time
from datetime import UTC, date, datetime

from fix_platform import Deployed, Stage
from people import ADA

GUIDE_INDEXES = {
    "idx_engagement_events_user_timestamp",
    "idx_engagement_events_value",
    "idx_engagement_events_type",
}
PERFORMANCE = "select * from monitoring.engagement_events_performance"
INDEX_USAGE = "select * from monitoring.engagement_events_index_usage"


def test_the_guides_post_migration_validation(stage: Stage) -> None:
    """Only the user is another: an event is always somebody's."""
    service = stage.service
    service.run(
        "insert into engagement_events (user_id, event_type, value)"
        " values (%(user)s, 'deployment_test', '{}')",
        user=ADA,
    )
    assert service.count("select from engagement_events where event_type = 'deployment_test'") == 1
    rows = service.run("select indexname from pg_indexes where tablename = 'engagement_events'")
    assert {row["indexname"] for row in rows} >= GUIDE_INDEXES
    rows = service.run(
        "select relrowsecurity, relforcerowsecurity from pg_class where relname = 'engagement_events'"
    )
    assert rows == [{"relrowsecurity": True, "relforcerowsecurity": True}]
    assert service.run("select 1 as found from pg_extension where extname not in ('plpgsql')") == []


def test_months_are_there_before_they_come(platform: Deployed) -> None:
    """A deployment makes this month's partition and three more."""
    with platform.superuser() as connection:
        rows = connection.execute(
            "select relid::regclass::text as name from pg_partition_tree('engagement_events') where isleaf"
        ).fetchall()
    names = {row["name"] for row in rows}
    today = datetime.now(UTC).date()
    months = [
        date(today.year + (today.month + ahead - 1) // 12, (today.month + ahead - 1) % 12 + 1, 1)
        for ahead in range(4)
    ]
    assert {f"engagement_events_{month:%Y_%m}" for month in months} <= names
    assert "engagement_events_default" not in names


def monitored(platform: Deployed, query: str) -> list[dict[str, object]]:
    with platform.connect("monitor") as connection:
        return connection.execute(query).fetchall()  # type: ignore[arg-type]


def test_reports_add_up_all_months(copied: Deployed) -> None:
    before = monitored(copied, PERFORMANCE)[0]
    uses = {row["indexrelname"]: row["idx_scan"] for row in monitored(copied, INDEX_USAGE)}
    assert (before["schemaname"], before["tablename"]) == ("public", "engagement_events")
    assert set(uses) >= {*GUIDE_INDEXES, "engagement_events_pkey"}
    with copied.connect(autocommit=True) as connection:
        connection.execute("set role authenticated")
        connection.execute("select set_config('request.jwt.claims', %s, false)", [json.dumps({"sub": ADA})])
        connection.execute("set enable_seqscan = off")
        connection.execute(
            "insert into engagement_events (event_type, timestamp)"
            " values ('a.b', now()), ('a.b', now() - interval '40 days')"
        )
        connection.execute("select from engagement_events where event_type = 'a.b' and deleted_at is null")
    deadline = time.monotonic() + 10
    while monitored(copied, PERFORMANCE)[0]["n_tup_ins"] != before["n_tup_ins"] + 2:  # type: ignore[operator]
        assert time.monotonic() < deadline, "the two inserts are not counted"
        time.sleep(0.1)
    now = {row["indexrelname"]: row["idx_scan"] for row in monitored(copied, INDEX_USAGE)}
    assert now["idx_engagement_events_type"] > uses["idx_engagement_events_type"]  # type: ignore[operator]


def test_only_the_monitor_reads_reports(stage: Stage) -> None:
    for query in (PERFORMANCE, INDEX_USAGE):
        stage.as_user(ADA).denied(query)  # type: ignore[arg-type]
