"""What users did, by month: the events, their archive, and the news of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from gatepost.intent import Intent, everybody, own
from gatepost.resources import (
    Check,
    Column,
    Feature,
    ForeignKey,
    Index,
    Monthly,
    Policy,
    PrimaryKey,
    Range,
    Table,
    Trigger,
)
from infra import operations
from infra.common import EVERYTHING, ME, Foundation, Sources, open_to_services, readable
from infra.server import MONITOR, SERVICE, USER

SOURCES = Sources("engagement_events")
KEY = ["user_id", "id", "timestamp"]
FIRST_MONTH = date(2026, 9, 1)
"""The oldest month that has a partition: older events are refused."""


def declare(on: Foundation) -> None:
    """Declare the feature."""
    with Feature("engagement_events", provider=on.target):
        events = _engagement_events(on)
        _archive(on)
        _news(events)
        for name, comment in _REPORTS.items():
            SOURCES.view(name, MONITOR, comment=comment)
        operations.declare(on)
        SOURCES.reference_data("personal_data_of_engagement_events")
        SOURCES.reference_data("engagement_events_jobs")
        if on.settings.has_demo_data:
            SOURCES.seed("demo_engagement_events")


_EVENT = (
    Column(
        "id",
        "uuid",
        default="gen_random_uuid()",
        comment="Given by the client: the same event again is known",
    ),
    Column("user_id", "uuid", default="app.current_user_id()"),
    Column("session_id", "uuid", nullable=True, comment="The client's session"),
    Column("event_type", "text", comment="For example post.viewed"),
    Column("value", "jsonb", default="'{}'"),
    Column("timestamp", "timestamptz", default="now()", comment="When it happened, by the client's clock"),
    Column("deleted_at", "timestamptz", nullable=True, comment="Softly deleted since; it can be restored"),
)
_RECORDED = (
    Column("recorded_at", "timestamptz", default="clock_timestamp()", comment="When the database got it"),
    Column(
        "recorded_in",
        "xid8",
        default="pg_current_xact_id()",
        comment="Its transaction: what a snapshot had not seen is new to whoever read by that snapshot",
    ),
)
_CHECKS = {
    "event_type": "event_type ~ '^[a-z][a-z0-9_]*([.][a-z0-9_]+)*$' and length(event_type) <= 100",
    "value": "jsonb_typeof(value) = 'object' and octet_length(value::text) <= 16384",
}
_REPORTS = {
    "engagement_events_performance": "How often the events of all months were scanned, read and written",
    "engagement_events_index_usage": "How often each index of the events was used, over all months",
}


def _engagement_events(on: Foundation) -> Table:
    table = Table(
        "engagement_events",
        comment="What a user did; a month is a partition",
        columns=[*_EVENT, *_RECORDED],
        partition_by=Range("timestamp", Monthly(ahead=3, since=FIRST_MONTH)),
        row_security="forced",
        privileges={
            USER: [
                "select",
                "insert (id, user_id, session_id, event_type, value, timestamp)",
                "update (value, deleted_at)",
            ],
            SERVICE: EVERYTHING,
        },
        intent=Intent(
            authenticated=dict.fromkeys(("select", "insert", "update"), own("user_id")),
            service_role=everybody(),
        ),
    )
    _keys(on, table, "engagement_events")
    mine = f"user_id = {ME}"
    readable(table, "engagement_events", USER, mine, "Nobody sees what others did")
    Policy("engagement_events_insert", table, command="insert", roles=[USER], check=mine)
    Policy("engagement_events_update", table, command="update", roles=[USER], using=mine, check=mine)
    open_to_services(table, "engagement_events")
    _indexes(table)
    return table


_INDEXES: Sequence[tuple[str, list[str], str | None, str]] = (
    (
        "idx_engagement_events_user_timestamp",
        ["user_id", "timestamp desc", "id desc"],
        "deleted_at is null",
        "last_events",
    ),
    ("idx_engagement_events_recorded", ["user_id", "recorded_in"], None, "new_events"),
    ("idx_engagement_events_deleted", ["deleted_at"], "deleted_at is not null", "old_deleted_events"),
)


def _indexes(table: Table) -> None:
    for name, columns, where, query in _INDEXES:
        Index(name, table, columns, where=where, serves=f"queries/{query}.sql")
    Index(
        "idx_engagement_events_type",
        table,
        ["event_type", "timestamp desc"],
        include=["user_id"],
        where="deleted_at is null",
        serves="queries/daily_events_of_type.sql",
        comment="With the user: a week of a frequent type is counted without its rows",
    )
    Index(
        "idx_engagement_events_value",
        table,
        ["value jsonb_path_ops"],
        method="gin",
        serves="queries/events_with_value.sql",
        comment="For services: under a policy that hides rows PostgreSQL does not look up @> in an index",
    )


def _keys(on: Foundation, table: Table, name: str) -> None:
    PrimaryKey(f"{name}_pkey", table, KEY, comment="Led by the user: a key reveals nobody else's event")
    for check, expression in _CHECKS.items():
        Check(f"{name}_{check}_check", table, expression)
    ForeignKey(f"{name}_user_id_fkey", table, ["user_id"], references=on.users, on_delete="cascade")


def _archive(on: Foundation) -> None:
    table = Table(
        "engagement_events_archive",
        comment="Events that were deleted and not restored",
        columns=[
            *_EVENT,
            Column("recorded_at", "timestamptz"),
            Column("archived_at", "timestamptz", default="now()"),
        ],
        row_security="forced",
        privileges={SERVICE: EVERYTHING},
        intent=Intent(service_role=everybody()),
    )
    _keys(on, table, "engagement_events_archive")
    open_to_services(table, "engagement_events_archive")
    SOURCES.function(
        "archive_old_deleted_events",
        SERVICE,
        comment="Moves a batch of events that were deleted long ago to the archive; returns how many",
    )


def _news(events: Table) -> None:
    announce = SOURCES.function(
        "announce_engagement_events",
        comment="Tells who listens whose events are new: ids of users, no values",
    )
    Trigger(
        "engagement_events_announce",
        events,
        function=announce,
        timing="after",
        events=["insert"],
        level="statement",
        referencing={"new table": "added"},
    )
