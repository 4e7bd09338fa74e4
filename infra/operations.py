"""What operating the platform needs: its status, deployments, refused accesses and erasures."""

from __future__ import annotations

from gatepost.intent import Command, Intent, Rule, everybody
from gatepost.resources import Check, Column, Index, Policy, PrimaryKey, Table, Trigger
from infra.common import Foundation, Sources, readable
from infra.server import MONITOR, OWNER, SERVICE, USER

SOURCES = Sources("engagement_events")
_READ: dict[Command, Rule] = {"select": everybody()}
_WRITTEN: dict[Command, Rule] = {**_READ, "insert": everybody()}


def declare(on: Foundation) -> None:
    """Declare the tables and what works with them."""
    _system_status(on)
    _deployment_log(on)
    _security_audit_log(on)
    _erasure(on)


def _system_status(on: Foundation) -> None:
    table = Table(
        "system_status",
        comment="Whether the platform is in maintenance: the newest row counts, the others are history",
        columns=[
            Column("id", "bigint", identity="always"),
            Column("maintenance_mode", "boolean"),
            Column("message", "text", nullable=True, comment="What users are told"),
            Column("expected_until", "timestamptz", nullable=True, comment="When to try again"),
            Column("changed_at", "timestamptz", default="now()"),
            Column("database_role", "text", default="current_user"),
        ],
        row_security="forced",
        privileges={
            USER: ["select"],
            SERVICE: ["select", "insert (maintenance_mode, message, expected_until)"],
            MONITOR: ["select"],
        },
        intent=Intent(authenticated=_READ, service_role=_WRITTEN, app_monitor=_READ),
    )
    PrimaryKey("system_status_pkey", table, ["id"])
    Check("system_status_message_check", table, "length(message) between 1 and 500")
    for role in (USER, SERVICE, MONITOR):
        readable(table, "system_status", role)
    Policy("system_status_insert", table, command="insert", roles=[SERVICE], check="true")
    _append_only(on, table, "system_status")
    SOURCES.function(
        "respect_maintenance",
        *(USER, SERVICE),
        comment="Makes the transaction of a user read-only while the platform is in maintenance",
    )


def _deployment_log(on: Foundation) -> None:
    table = Table(
        "deployment_log",
        comment="Deployments and rollbacks, append-only: written by the deployer as app_owner, or a service",
        columns=[
            Column("id", "bigint", identity="always"),
            Column("timestamp", "timestamptz", default="now()"),
            Column("deployment_id", "uuid", nullable=True, comment="What a start and its end have in common"),
            Column("action", "text", comment="start, success, failure or rollback"),
            Column("details", "text", default="''"),
            Column("data", "jsonb", default="'{}'", comment="Stack, version, changes, gates"),
            Column("database_role", "text", default="current_user"),
        ],
        row_security="forced",
        privileges={
            SERVICE: ["select", "insert (timestamp, deployment_id, action, details, data)"],
            MONITOR: ["select"],
        },
        intent=Intent(app_owner=_WRITTEN, service_role=_WRITTEN, app_monitor=_READ),
    )
    PrimaryKey("deployment_log_pkey", table, ["id"])
    Check("deployment_log_action_check", table, "action in ('start', 'success', 'failure', 'rollback')")
    Check("deployment_log_data_check", table, "jsonb_typeof(data) = 'object'")
    for role in (SERVICE, MONITOR):
        readable(table, "deployment_log", role)
    for role in (SERVICE, OWNER):
        Policy(f"deployment_log_insert_by_{role}", table, command="insert", roles=[role], check="true")
    _append_only(on, table, "deployment_log")


def _security_audit_log(on: Foundation) -> None:
    table = Table(
        "security_audit_log",
        comment="Accesses that were refused, append-only, without values",
        columns=[
            Column("id", "bigint", identity="always"),
            Column("timestamp", "timestamptz", default="now()"),
            Column("event_type", "text", comment="For example rls_violation"),
            Column("user_id", "uuid", nullable=True, comment="Who tried; null: nobody signed in"),
            Column("database_role", "text", default="current_user", comment="Whose access was refused"),
            Column("details", "jsonb", default="'{}'", comment="Operation and error code"),
        ],
        row_security="forced",
        privileges={
            SERVICE: ["select", "insert (event_type, user_id, database_role, details)"],
            MONITOR: ["select"],
        },
        intent=Intent(service_role=_WRITTEN, app_monitor=_READ),
    )
    PrimaryKey("security_audit_log_pkey", table, ["id"])
    Check("security_audit_log_event_type_check", table, "event_type ~ '^[a-z][a-z_]*$'")
    Check(
        "security_audit_log_details_check",
        table,
        "jsonb_typeof(details) = 'object' and octet_length(details::text) <= 8192",
    )
    Index(
        "idx_security_audit_log_type",
        table,
        ["event_type", "timestamp desc"],
        serves="queries/recent_violations.sql",
    )
    for role in (SERVICE, MONITOR):
        readable(table, "security_audit_log", role)
    Policy("security_audit_log_insert", table, command="insert", roles=[SERVICE], check="true")
    _append_only(on, table, "security_audit_log")


def _erasure(on: Foundation) -> None:
    table = Table(
        "erased_users",
        schema="app",
        comment="The ledger of erasures, to be kept outside too and replayed after a restore",
        columns=[
            Column("user_id", "uuid"),
            Column("erased_at", "timestamptz", default="clock_timestamp()"),
            Column("rows", "jsonb", comment="How many rows of each column were deleted or made anonymous"),
            Column("database_role", "text", default="current_user"),
        ],
        row_security="forced",
        privileges={SERVICE: ["select", "insert (user_id, rows)"]},
        intent=Intent(service_role=_WRITTEN),
    )
    PrimaryKey("erased_users_pkey", table, ["user_id", "erased_at"])
    readable(table, "erased_users", SERVICE)
    Policy("erased_users_insert", table, command="insert", roles=[SERVICE], check="true")
    _append_only(on, table, "erased_users")
    SOURCES.function(
        "erasure_steps", SERVICE, comment="What erasure does, in order: who refers to others goes before them"
    )
    SOURCES.function(
        "delete_user_data",
        SERVICE,
        comment="Erases a user from every table, as app.personal_data says; fails when something is left",
    )


def _append_only(on: Foundation, table: Table, name: str) -> None:
    Trigger(
        f"{name}_append_only",
        table,
        function=on.append_only,
        level="statement",
        events=["update", "delete", "truncate"],
    )
