"""How pushes and migrations fare, and what waits on the devices."""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel, Field

from gatepost.session import Database, Identity
from services.persistence.sync import QUERIES

HOUR = timedelta(hours=1)


class SyncMetrics(BaseModel):
    """What happened in a period; a rate is of 1, and None where nothing was tried."""

    pushes: int
    failed_pushes: int
    push_success_rate: float | None
    changes: int
    conflict_rate: float | None = Field(description="Of the changes, those that met another device's")
    refused: int = Field(description="Changes of rows that are somebody else's")
    devices: int
    outbox_total: int = Field(description="Changes that still wait on the devices, by their last push")
    outbox_largest: int
    migrations: int
    failed_migrations: int
    migration_success_rate: float | None


def measure(database: Database, period: timedelta = HOUR) -> SyncMetrics:
    """Return the figures of the last `period`."""
    found = database.row(Identity.service(), QUERIES["sync_metrics"], period=period)
    return SyncMetrics.model_validate(found)


def count_orphans(database: Database) -> dict[str, int]:
    """Return how many rows nobody owns, or refer to rows which are not there: by table and reason.

    It reads every shared table: for an operator, not for a health check.
    """
    rows = database.rows(
        Identity.service(),
        "select o.table_name || ': ' || o.reason as what, count(*) as rows from app.orphans as o group by 1",
    )
    return {row["what"]: row["rows"] for row in rows}
