"""Whether engagement events are recorded, archived and delivered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from gatepost.session import Database, Identity
from gatepost.targets import EVENT_DELIVERY
from gatepost.web.health import DATABASE, Probe
from services.engagement_events.listener import listener_of
from services.engagement_events.refusals import VIOLATION
from services.engagement_events.statements import QUERIES
from services.engagement_events.system_status import maintenance_message

_SERVICE = Identity.service()
_OLDER_THAN = timedelta(days=30)
_ARCHIVE_LATE = timedelta(days=1)
"""How long an event may be due for the archive: the job moves a batch every ten minutes."""


def partitions_are_there(database: Database) -> bool:
    """Return whether this month and the next one have a partition: deployments make them."""
    return bool(database.value(_SERVICE, QUERIES["partitions_to_come"]))


def archive_is_in_time(database: Database) -> bool:
    """Return whether no deleted event waits longer for the archive than it should."""
    oldest = _due(database)["oldest"]
    return oldest is None or datetime.now(UTC) - oldest <= _OLDER_THAN + _ARCHIVE_LATE


def nobody_was_refused(database: Database) -> bool:
    """Return whether row security refused nobody in the last five minutes."""
    return _violations(database) == 0


def news_come_in(database: Database) -> bool:
    """Return whether this process listens, and its news of late came in time."""
    listener = listener_of(database)
    late = listener.delays.percentiles().get("p95", 0.0)
    return listener.is_listening and EVENT_DELIVERY.holds(late)


def users_may_write(database: Database) -> bool:
    """Return whether the platform is not in maintenance."""
    return maintenance_message(database) is None


PROBES = (
    DATABASE,
    Probe("partitions", partitions_are_there, bad="missing"),
    Probe("archive", archive_is_in_time, bad="overdue", is_vital=False),
    Probe("row_security", nobody_was_refused, bad="violations", is_vital=False),
    Probe("realtime", news_come_in, bad="delayed", is_vital=False),
    Probe("maintenance", users_may_write, good="off", bad="on", is_vital=False),
)


def metrics(database: Database) -> Mapping[str, Any]:
    """Return what there is to count."""
    listener = listener_of(database)
    return {
        "due_for_archive": _due(database)["due"],
        "rls_violations_5_minutes": _violations(database),
        "subscribers": listener.subscribers,
        "listener_reconnects": listener.reconnects,
        "delivery_delay_ms": listener.delays.percentiles(),
    }


def _due(database: Database) -> dict[str, Any]:
    row = database.row(_SERVICE, QUERIES["old_deleted_events"], older_than=_OLDER_THAN)
    return row or {"due": 0, "oldest": None}


def _violations(database: Database) -> int:
    within = timedelta(minutes=5)
    row = database.row(_SERVICE, QUERIES["recent_violations"], event_type=VIOLATION, within=within)
    return int(row["violations"]) if row else 0
