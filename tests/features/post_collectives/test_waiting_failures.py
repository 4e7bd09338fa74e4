"""Failures that happened while the database was away reach the audit log, or the process's own at its end."""

from __future__ import annotations

import time
from typing import Any

import pytest
from fix_platform import Deployed
from fix_web import Log
from gazette import GAZETTE, UNFINISHED
from outage import away
from people import BO

from gatepost.session import Database, Identity
from services.post_collectives import PostCollectiveError, PostCollectiveService, waiting_failures
from services.post_collectives.reports import Indicator

RECORDED = "select outcome, error_code from post_collective_audit_log where source = 'service'"


def fail(service: PostCollectiveService, times: int) -> None:
    for _ in range(times):
        with pytest.raises(PostCollectiveError):
            service.create_post_collective_associations(Identity.user(BO), UNFINISHED, BO, [GAZETTE])


def recorded(clone: Deployed) -> list[dict[str, Any]]:
    with clone.superuser() as connection:
        return connection.execute(RECORDED).fetchall()


def not_recorded(service: PostCollectiveService) -> Indicator:
    (found,) = (one for one in service.audit.check_system_health().indicators if one.name == "not_recorded")
    return found


def test_the_end_of_the_process_writes_down_what_waits(clone: Deployed) -> None:
    with Database(clone.url("authenticator")) as database:
        service = PostCollectiveService(database)
        with away(clone):
            fail(service, 3)
        assert recorded(clone) == []
        found = not_recorded(service)
        assert (found.value, found.is_good) == (3, False)
    assert recorded(clone) == [{"outcome": "failed", "error_code": "temporarily_failed"}] * 3


def test_what_cannot_be_written_down_is_logged(clone: Deployed, log: Log) -> None:
    with away(clone):
        with Database(clone.url("authenticator")) as database:
            fail(PostCollectiveService(database), 2)
            began = time.monotonic()
        assert time.monotonic() - began < 4
    lines = [line["message"] for line in log.of("gatepost.post_collectives")]
    lost = [line for line in lines if "is not in the audit log (the process ends)" in line]
    assert len(lost) == 2
    assert all(UNFINISHED in line and "temporarily_failed" in line for line in lost)


def test_health_tells_of_what_is_lost(clone: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting_failures, "_MOST", 2)
    with Database(clone.url("authenticator")) as database:
        service = PostCollectiveService(database)
        with away(clone):
            fail(service, 3)
        assert service.audit.write_waiting() == 1
        found = not_recorded(service)
        assert (found.value, found.is_good) == (1, False)
    assert len(recorded(clone)) == 2
