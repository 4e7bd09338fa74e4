"""Whether integrations work: a probe a part, and what the answer reports."""

from __future__ import annotations

from typing import Any, LiteralString
from uuid import UUID

from gatepost.session import Database, Identity
from gatepost.web.health import DATABASE, Probe
from services.integrations.integration_service import QUERIES

_NOBODY = Identity.user(UUID(int=1))
_TABLE = "select count(*) >= 0 from (select from public.integrations limit 1) as i"
_VISIBLE = """
    select
        exists (select from public.integrations)
        or exists (select from public.workflow_execution_logs)
        or exists (select from public.integration_usage_daily)
"""
_COUNTING = """
    select count(*) = 2
    from pg_trigger as t
    where
        t.tgrelid = 'public.workflow_execution_logs'::regclass and t.tgenabled in ('O', 'A')
        and t.tgname in ('workflow_execution_logs_count_insert', 'workflow_execution_logs_count_update')
"""
_CLEANING = """
    select count(*) = 2 and bool_and(j.enabled and j.last_error is null)
    from app.scheduled_jobs as j
    where j.routine in ('app.cleanup_inactive_integrations', 'app.cleanup_execution_logs')
"""


def _says(statement: LiteralString) -> Any:
    return lambda database: bool(database.value(Identity.service(), statement))


def _looks_up(database: Database) -> bool:
    """A member's look-up of active integrations runs; this one is nobody's, so it finds none."""
    return database.rows(_NOBODY, QUERIES["active_integrations"], organization_id=UUID(int=1)) == []


def _isolates(database: Database) -> bool:
    """Who belongs to no organization sees nothing of any."""
    return database.value(_NOBODY, _VISIBLE) is False


def _finishes(database: Database) -> bool:
    """No execution has been running for an hour."""
    query = QUERIES["unfinished_executions"]
    return not database.rows(Identity.service(), query, older_than="1 hour", page_size=1)


PROBES = [
    DATABASE,
    Probe("integrations_table", _says(_TABLE), "available", "unavailable"),
    Probe("active_lookup", _looks_up, "functional", "failing"),
    Probe("tenant_isolation", _isolates, "active", "broken"),
    Probe("usage_counting", _says(_COUNTING), "operational", "stopped"),
    Probe("clean_up", _says(_CLEANING), "scheduled", "failing", is_vital=False),
    Probe("executions", _finishes, "finishing", "stuck", is_vital=False),
]


def metrics(database: Database) -> dict[str, Any]:
    """Return the share of the last hour's executions that failed, and how many integrations are in error."""
    row = database.row(Identity.service(), QUERIES["integration_totals"])
    assert row is not None
    finished, failed = row["finished_executions"], row["failed_executions"]
    return {
        "error_rate_percent": round(100 * failed / finished, 2) if finished else 0.0,
        "failing_integrations": row["failing_integrations"],
    }
