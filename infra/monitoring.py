"""System health and security findings, for the monitor: what a system administrator looks at first."""

from __future__ import annotations

from gatepost.intent import Intent, everybody
from gatepost.resources import Check, Column, Feature, Index, Policy, PrimaryKey, Table
from infra.common import Foundation, Sources, open_to_deployment, readable
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
    "row_security_not_forced": "Tables whose owner escapes row security, or everybody does",
    "policy_for_public": "Policies that name no role",
    "definer_search_path": "Security definer functions without a pinned search_path",
    "definer_view": "Views that read with their owner's rights",
    "public_execute": "Functions that everybody or anon may call",
    "public_privilege": "Tables open to everybody, or to anon without a policy that says to which rows",
    "excessive_privilege": "Truncate, references, trigger or maintain in the hands of an API role",
    "bypassing_role": "Roles that row security does not hold",
    "open_schema": "Schemas in which an API role or everybody may create",
    "unregistered_personal_data": "Columns that refer to a user and are not in app.personal_data",
    "unerasable_personal_data": "Registered columns that erasure cannot see, delete or make null",
}


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
        SOURCES.view("guarded_schemas", MONITOR, SERVICE, comment="The schemas that findings look at")
        for rule, comment in FINDINGS.items():
            SOURCES.view(f"finding_{rule}", *_readers(rule), comment=comment)
        SOURCES.function(
            "security_findings", MONITOR, comment="What is open that should not be; no row is good"
        )


def _readers(rule: str) -> tuple[str, ...]:
    """Services read what erasure must know before it erases."""
    return (MONITOR, SERVICE) if rule.endswith("personal_data") else (MONITOR,)


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
    Policy(
        "system_health_checks_monitor",
        table,
        command="all",
        roles=[MONITOR],
        using="true",
        check="true",
        comment="Only the monitor's own history",
    )
