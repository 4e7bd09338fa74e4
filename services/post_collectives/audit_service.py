"""The audit log, what this process measured, and the two together."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from gatepost.session import Database, Identity, SessionError
from services.post_collectives.errors import InvalidInput, PostCollectiveError, ServicesOnly
from services.post_collectives.measurements import Measurements, percent
from services.post_collectives.models import Outcome
from services.post_collectives.operation import Operation, id_or_none
from services.post_collectives.queries import QUERIES, page_size
from services.post_collectives.reports import (
    ActionReport,
    AnalyticsReport,
    AuditEntry,
    AuditPage,
    ErrorCount,
    Indicator,
    LocalLog,
    PerformanceMetrics,
    SystemHealth,
)
from services.post_collectives.waiting_failures import WaitingFailures

_KEPT = 10_000
"""Operations that are remembered here."""
_NEWEST = 2**63 - 1


class PostCollectiveAuditService:
    """Writes down what was refused or failed, on a connection of its own, and reads the log.

    What succeeds is written down by the database itself, in the transaction that did it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._measurements = Measurements()
        self._local: deque[LocalLog] = deque(maxlen=_KEPT)
        self._failures = WaitingFailures(database)
        database.at_close(self._failures.write_or_log)

    def remember(
        self, operation: Operation, outcome: Outcome, error: PostCollectiveError | None = None
    ) -> LocalLog:
        """Keep an operation in this process's memory and measurements."""
        self._measurements.add(operation.name or operation.action, outcome, operation.milliseconds)
        entry = LocalLog(
            occurred_at=datetime.now(UTC),
            action=operation.action,
            outcome=outcome,
            operation_id=operation.id,
            user_id=operation.caller.user_id,
            error_code=error.code if error else None,
            duration_ms=round(operation.milliseconds, 3),
            is_recorded=error is None or not operation.is_audited,
        )
        self._local.append(entry)
        if error is None:
            self._failures.write()
        return entry

    def record_failure(self, operation: Operation, error: PostCollectiveError) -> None:
        """Write down an operation that came to nothing; while the database cannot be had, it waits."""
        outcome: Outcome = "failed" if error.outcome == "failed" else "refused"
        entry = self.remember(operation, outcome, error)
        if not operation.is_audited:
            return
        self._failures.add(_row(operation, outcome, error), entry)

    def write_waiting(self) -> int:
        """Write down the failures that wait and return how many are not in the audit log."""
        self._failures.write()
        return self._failures.not_recorded

    def get_post_audit_log(
        self, caller: Identity, post_id: UUID | str, before: int | None = None, limit: int = 50
    ) -> AuditPage:
        """Return a page of what happened to a post's associations, newest first.

        :param before: `next_before` of the page before.
        :raises InvalidInput: an id or a number that cannot be right.
        """
        post, size = id_or_none(post_id), page_size(limit)
        if post is None:
            raise InvalidInput("This is no id of a post.", audit={"field": "post_id"})
        if before is not None and not 0 <= before <= _NEWEST:
            raise InvalidInput("There is no such page.", audit={"field": "before"})
        rows = self._database.rows(
            caller,
            QUERIES["audit_of_post"],
            post_id=post,
            before_id=_NEWEST if before is None else before,
            page_size=size,
        )
        entries = [AuditEntry(**row) for row in rows]
        return AuditPage(entries=entries, next_before=entries[-1].id if len(entries) == size else None)

    def get_performance_metrics(self) -> PerformanceMetrics:
        """Return what this process measured since it started."""
        return self._measurements.summary()

    def get_local_logs(self, limit: int = 100) -> list[LocalLog]:
        """Return the newest operations that this process remembers, the newest first."""
        return list(self._local)[-page_size(limit) :][::-1]

    def export_metrics(self) -> dict[str, Any]:
        """Return measurements and remembered operations as plain data, for analysis elsewhere."""
        return {
            "exported_at": datetime.now(UTC).isoformat(),
            "metrics": self.get_performance_metrics().model_dump(mode="json"),
            "logs": [entry.model_dump(mode="json") for entry in list(self._local)],
        }

    def generate_analytics_report(self, caller: Identity, hours: float = 24) -> AnalyticsReport:
        """Return what the audit log says of the last hours.

        :raises ServicesOnly: a user asks.
        :raises InvalidInput: `hours` is not between 0 and a year.
        """
        if caller.role != "service_role":
            raise ServicesOnly
        if not 0 < hours <= 366 * 24:
            raise InvalidInput("A report is of 0 hours to a year.", audit={"field": "hours"})
        actions, errors = self._reported(caller, hours)
        created = [one for one in actions if (one.action, one.outcome) == ("create", "succeeded")]
        return AnalyticsReport(
            hours=hours,
            actions=actions,
            errors=errors,
            success_rate_percent=_share(actions, "succeeded"),
            error_rate_percent=_share(actions, "failed"),
            collectives_per_post=round(created[0].row_count / created[0].post_count, 2) if created else None,
        )

    def _reported(self, caller: Identity, hours: float) -> tuple[list[ActionReport], list[ErrorCount]]:
        span = f"{hours} hours"
        with self._database.transaction(caller) as tx:
            metrics = tx.rows(QUERIES["audit_metrics"], time_span=span)
            errors = tx.rows(QUERIES["error_statistics"], time_span=span)
        return [ActionReport(**row) for row in metrics], [ErrorCount(**row) for row in errors]

    def check_system_health(self) -> SystemHealth:
        """Hold the last five minutes against the limits at which somebody is alerted."""
        try:
            actions, errors = self._reported(Identity.service(), 5 / 60)
        except SessionError:
            reach = Indicator(name="database", value=None, limit=0, unit="errors", is_good=False)
            return SystemHealth(status="unhealthy", indicators=[reach])
        refused = sum(one.errors for one in errors if one.error_code in ("posting_not_allowed", "42501"))
        times = [one.mean_ms for one in actions if one.mean_ms is not None]
        failed = sum(one.operation_count for one in actions if one.outcome == "failed")
        measured = {
            "error_rate": (_share(actions, "failed"), 5, "percent"),
            "mean_time": (max(times, default=None), 2000, "ms"),
            "failed_operations": (failed, 10, "operations"),
            "policy_violations": (refused, 20, "operations"),
            "not_recorded": (self._failures.not_recorded, 0, "operations"),
        }
        found = [_indicator(name, *facts) for name, facts in measured.items()]
        if not found[0].is_good:
            return SystemHealth(status="unhealthy", indicators=found)
        all_good = all(one.is_good for one in found)
        return SystemHealth(status="healthy" if all_good else "degraded", indicators=found)


def _indicator(name: str, value: float | None, limit: float, unit: str) -> Indicator:
    return Indicator(name=name, value=value, limit=limit, unit=unit, is_good=value is None or value <= limit)


def _share(actions: list[ActionReport], outcome: str) -> float | None:
    wanted = sum(one.operation_count for one in actions if one.outcome == outcome)
    return percent(wanted, sum(one.operation_count for one in actions))


def _row(operation: Operation, outcome: Outcome, error: PostCollectiveError) -> dict[str, Any]:
    happened = {"occurred_at": datetime.now(UTC).isoformat(timespec="milliseconds")}
    if isinstance(error.__cause__, SessionError) and error.__cause__.sqlstate:
        happened["sqlstate"] = error.__cause__.sqlstate
    return {
        "action": operation.action,
        "outcome": outcome,
        "post_id": operation.post,
        "collective_id": operation.collective,
        "user_id": operation.caller.user_id,
        "database_role": operation.caller.role,
        "operation_id": operation.id,
        "error_code": error.code,
        "detail": Jsonb({**operation.detail, **error.audit, **happened}),
        "duration_ms": round(operation.milliseconds, 3),
        "event_key": f"operation/{operation.id}",
    }
