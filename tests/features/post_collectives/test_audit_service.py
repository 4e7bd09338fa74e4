"""Reading the audit log page by page, measurements, reports, and failures that wait for the database."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from gazette import ADA, BO, CLEO, DAN, EVE, GAZETTE, LETTER, NOTES, UNFINISHED, WELCOME, WORKSHOP, Log

from gatepost.session import Database, Identity, Unavailable
from services.post_collectives import PostCollectiveAuditService, PostCollectiveError, PostCollectiveService
from services.post_collectives.errors import InvalidInput, PostingNotAllowed, ServicesOnly


def toggle(service: PostCollectiveService, times: int) -> None:
    for number in range(times):
        service.update_post_collective_associations(
            Identity.user(ADA), WELCOME, ADA, [GAZETTE], {"display_order": number + 1}
        )


def refuse(service: PostCollectiveService) -> None:
    with pytest.raises(PostingNotAllowed):
        service.create_post_collective_associations(Identity.user(BO), UNFINISHED, BO, [NOTES])


def test_pages_are_whole_and_do_not_overlap(service: PostCollectiveService) -> None:
    toggle(service, 7)
    ada, seen, before, pages = Identity.user(ADA), [], None, 0
    while True:
        page = service.audit.get_post_audit_log(ada, WELCOME, before, 4)
        toggle(service, 1)
        seen += [entry.id for entry in page.entries]
        before, pages = page.next_before, pages + 1
        if before is None:
            break
    assert seen == sorted(set(seen), reverse=True)
    assert (len(seen), pages) == (9, 3)


@pytest.mark.parametrize(("user", "entries"), [(BO, 2), (ADA, 1), (CLEO, 2), (DAN, 0), (EVE, 0)])
def test_the_log_is_read_by_whom_it_concerns(service: PostCollectiveService, user: str, entries: int) -> None:
    page = service.audit.get_post_audit_log(Identity.user(user), LETTER)
    assert (len(page.entries), page.next_before) == (entries, None)


@pytest.mark.parametrize("arguments", [("letter",), (LETTER, -1), (LETTER, None, 0), (LETTER, None, 201)])
def test_pages_that_cannot_be(service: PostCollectiveService, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(InvalidInput):
        service.audit.get_post_audit_log(Identity.user(BO), *arguments)


def test_measurements(service: PostCollectiveService) -> None:
    toggle(service, 3)
    refuse(service)
    measured = service.audit.get_performance_metrics()
    assert (measured.operations["update"].count, measured.operations["update"].refused) == (3, 0)
    assert (measured.operations["create"].count, measured.operations["create"].refused) == (1, 1)
    update = measured.operations["update"]
    assert 0 < update.p50_ms <= update.p95_ms <= update.p99_ms <= update.max_ms
    assert (measured.success_rate_percent, measured.error_rate_percent) == (75.0, 0.0)


def test_local_logs_and_export(service: PostCollectiveService) -> None:
    toggle(service, 2)
    refuse(service)
    logs = service.audit.get_local_logs(2)
    assert [(one.action, one.outcome, one.is_recorded) for one in logs] == [
        ("create", "refused", True),
        ("update", "succeeded", True),
    ]
    exported = json.loads(json.dumps(service.audit.export_metrics()))
    assert [one["outcome"] for one in exported["logs"]] == ["succeeded", "succeeded", "refused"]
    assert exported["metrics"]["operations"]["update"]["count"] == 2


def test_a_report_counts_operations(service: PostCollectiveService, database: Database) -> None:
    before = service.audit.generate_analytics_report(Identity.service())
    service.create_post_collective_associations(Identity.user(BO), UNFINISHED, BO, [GAZETTE, WORKSHOP])
    refuse(service)
    report = service.audit.generate_analytics_report(Identity.service(), hours=1)

    def of(actions: Any, action: str, outcome: str) -> tuple[int, int]:
        found = [one for one in actions if (one.action, one.outcome) == (action, outcome)]
        return sum(one.operation_count for one in found), sum(one.row_count for one in found)

    operations, rows = of(before.actions, "create", "succeeded")
    assert of(report.actions, "create", "succeeded") == (operations + 1, rows + 2)
    assert of(report.actions, "create", "refused") == (1, 1)
    assert [one.error_code for one in report.errors] == ["posting_not_allowed"]
    assert report.success_rate_percent == round(100 * (operations + 1) / (operations + 2), 3)
    assert report.collectives_per_post is not None


@pytest.mark.parametrize("hours", [0, -1, 9000, float("nan"), float("inf")])
def test_reports_that_cannot_be(service: PostCollectiveService, hours: float) -> None:
    with pytest.raises(InvalidInput):
        service.audit.generate_analytics_report(Identity.service(), hours)


def test_reports_are_for_services(service: PostCollectiveService) -> None:
    with pytest.raises(ServicesOnly):
        service.audit.generate_analytics_report(Identity.user(ADA))


def test_system_health(service: PostCollectiveService, database: Database) -> None:
    assert service.audit.check_system_health().status == "healthy"
    for _ in range(21):
        refuse(service)
    found = service.audit.check_system_health()
    bad = [one.name for one in found.indicators if not one.is_good]
    assert (found.status, bad) == ("degraded", ["policy_violations"])


def test_many_failures_are_unhealthy(
    service: PostCollectiveService, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_share", lambda *_: 1 / 0)
    for _ in range(3):
        with pytest.raises(PostCollectiveError):
            service.create_post_collective_associations(Identity.user(BO), UNFINISHED, BO, [GAZETTE])
    found = service.audit.check_system_health()
    assert (found.status, found.indicators[0].name, found.indicators[0].is_good) == (
        "unhealthy",
        "error_rate",
        False,
    )


def test_failures_wait_for_the_database(
    service: PostCollectiveService, database: Database, audit_log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = database.rows

    def down(*_arguments: Any, **_parameters: Any) -> Any:
        raise Unavailable("no connection")

    monkeypatch.setattr(database, "rows", down)
    for _ in range(3):
        with pytest.raises(PostCollectiveError):
            service.create_post_collective_associations(Identity.user(BO), UNFINISHED, BO, [GAZETTE])
    assert [one.is_recorded for one in service.audit.get_local_logs(3)] == [False] * 3
    monkeypatch.setattr(database, "rows", rows)
    assert audit_log() == []
    service.create_post_collective_associations(Identity.user(BO), UNFINISHED, BO, [GAZETTE])
    log = audit_log()
    assert [one["outcome"] for one in log] == ["succeeded", "failed", "failed", "failed"]
    assert {one["error_code"] for one in log[1:]} == {"temporarily_failed"}
    assert [one.is_recorded for one in service.audit.get_local_logs(4)] == [True] * 4


def test_without_the_database_health_says_so(platform: Any) -> None:
    with Database(platform.url("authenticator").replace("platform", "nowhere"), wait=0.2) as gone:
        found = PostCollectiveAuditService(gone).check_system_health()
    assert found.status == "unhealthy"


def test_a_lost_author_is_no_obstacle(service: PostCollectiveService, audit_log: Log) -> None:
    with pytest.raises(PostCollectiveError):
        service.create_post_collective_associations(Identity.user(BO), UUID(int=7), BO, [GAZETTE])
    (entry,) = audit_log()
    assert (entry["author_id"], entry["post_id"]) == (None, UUID(int=7))
