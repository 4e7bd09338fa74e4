"""System health and security findings, for the monitor: what a system administrator looks at first."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import sql

from gatepost.intent import Intent, everybody
from gatepost.isolation.lint import lints, surroundings_view, view_of
from gatepost.resources import Check, Column, Feature, Function, Index, Policy, PrimaryKey, Table, View
from infra.common import Foundation, Sources, open_to, open_to_deployment, readable
from infra.server import MONITOR, SERVICE

SOURCES = Sources("monitoring")
HEALTH = {
    "connections": "Connections in use, of those that the server allows",
    "oldest_transaction": "Seconds that the oldest transaction is open: it holds back vacuum",
    "blocked_sessions": "Seconds of the longest wait for a lock",
    "cache_misses": "Share of blocks that were not in the buffer cache",
    "invalid_indexes": "Indexes that a failed concurrent build left behind",
    "wraparound": "Transactions since the oldest table was frozen",
    "dead_tuples": "Dead rows per live row of the worst table",
    "replication_slots": "Megabytes of WAL kept back for slots that nobody reads",
    "scheduled_jobs": "Jobs that failed last time or are overdue",
}
FINDINGS = {
    "unregistered_personal_data": "Columns that refer to a user and are not in app.personal_data",
    "unerasable_personal_data": "Registered columns that erasure cannot see, delete or make null",
}
"""Findings beside the lints of `gatepost prove isolation`, which the monitor sees as views too."""
_JUDGED_BY_INTENT = ("unique_reveals", "foreign_key_reveals")
"""Lints that an intent may accept: only the proof knows."""


def declare(on: Foundation) -> None:
    """Declare both reports."""
    with Feature("monitoring", provider=on.target):
        _thresholds()
        _checks()
        for component, comment in HEALTH.items():
            SOURCES.view(f"health_{component}", MONITOR, comment=comment)
        SOURCES.function(
            "system_health",
            MONITOR,
            comment="Each component's value, judged: ok, warning, critical or unknown",
        )
        SOURCES.function(
            "record_system_health",
            *(MONITOR, SERVICE),
            owner=MONITOR,
            comment="Keeps system_health() for 30 days; returns how many components are not ok",
        )
        SOURCES.reference_data("monitoring_jobs")
        _findings()


def _findings() -> None:
    """Declare a view a finding, and the function that has them all."""
    View(
        "guarded_schemas",
        sql=surroundings_view("guarded_schemas", "monitoring"),
        privileges={MONITOR: ["select"], SERVICE: ["select"]},
        comment="The schemas that findings look at",
    )
    seen = [one for one in lints() if one.name not in _JUDGED_BY_INTENT]
    for one in seen:
        made = view_of(one, "monitoring")
        View(f"finding_{one.name}", sql=made, privileges={MONITOR: ["select"]}, comment=one.title)
    for rule, comment in FINDINGS.items():
        # Services read what erasure must know before it erases.
        SOURCES.view(f"finding_{rule}", *(MONITOR, SERVICE), comment=comment)
    Function(
        "security_findings",
        sql=_all_of([one.name for one in seen] + list(FINDINGS)),
        privileges={MONITOR: ["execute"]},
        comment="What is open that should not be; no row is good",
    )


def _all_of(findings: Sequence[str]) -> str:
    views = (sql.Identifier("monitoring", f"finding_{name}") for name in findings)
    selects = sql.SQL("\n    union all\n    ").join(
        sql.SQL("select * from {}").format(view) for view in views
    )
    return (
        sql.SQL(
            "create function monitoring.security_findings()\n"
            "returns table (finding text, subject text, remedy text)\n"
            "language sql stable\n"
            "as $$\n    {}\n    order by finding, subject\n$$"
        )
        .format(selects)
        .as_string(None)
    )


def _thresholds() -> None:
    table = Table(
        "health_thresholds",
        schema="monitoring",
        comment="From which value a component is a warning or critical; change them by update",
        columns=[
            Column("component", "text"),
            Column("warning", "numeric"),
            Column("critical", "numeric"),
            Column("unit", "text"),
            Column("description", "text"),
        ],
        row_security="forced",
        privileges={MONITOR: ["select", "update (warning, critical)"]},
        intent=Intent(
            app_monitor={"select": everybody(), "update": everybody()},
            app_owner=everybody(),
        ),
    )
    PrimaryKey("health_thresholds_pkey", table, ["component"])
    Check("health_thresholds_order_check", table, "warning <= critical")
    readable(table, "health_thresholds", MONITOR)
    Policy("health_thresholds_tune", table, command="update", roles=[MONITOR], using="true", check="true")
    open_to_deployment(table, "health_thresholds")
    SOURCES.reference_data("health_thresholds")


def _checks() -> None:
    table = Table(
        "system_health_checks",
        schema="monitoring",
        comment="What system_health() said, for 30 days",
        columns=[
            Column("id", "bigint", identity="always"),
            Column("checked_at", "timestamptz", default="now()"),
            Column("component", "text"),
            Column("status", "text"),
            Column("measure", "numeric", nullable=True),
            Column("detail", "text"),
        ],
        row_security="forced",
        privileges={MONITOR: ["select", "insert", "delete"]},
        intent=Intent(
            app_monitor={"select": everybody(), "insert": everybody(), "delete": everybody()},
        ),
    )
    PrimaryKey("system_health_checks_pkey", table, ["id"])
    Check("system_health_checks_status_check", table, "status in ('ok', 'warning', 'critical', 'unknown')")
    Index(
        "idx_system_health_checks_component",
        table,
        ["component", "checked_at desc"],
        serves="queries/health_of_component.sql",
    )
    why = "Only the monitor's own history"
    open_to(MONITOR, table, "system_health_checks_monitor", ["select", "insert", "delete"], why)
