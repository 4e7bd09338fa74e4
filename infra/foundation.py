"""What every feature stands on: identity, the security log and scheduled jobs."""

from __future__ import annotations

from gatepost.intent import Intent, everybody
from gatepost.resources import (
    Check,
    Column,
    Feature,
    Function,
    Index,
    Policy,
    PrimaryKey,
    Provider,
    Table,
    Trigger,
)
from infra import identity
from infra.common import ADMIN, MEMBERS, Foundation, Sources, open_to_deployment, readable
from infra.server import DEFINER, MONITOR, SERVICE, USER
from infra.settings import Settings

SOURCES = Sources("foundation")


def declare(settings: Settings, target: Provider) -> Foundation:
    """Declare the foundation and return what features need of it."""
    with Feature("foundation", provider=target):
        known = identity.declare()
        append_only = SOURCES.function(
            "refuse_change", comment="Refuses update, delete and truncate, for the owner too"
        )
        _security_events(append_only)
        security_log = SOURCES.function(
            "record_security_event",
            owner=DEFINER,
            comment="Writes a change down as a security event, without configuration and credentials",
        )
        Trigger(
            "memberships_security",
            known.memberships,
            function=security_log,
            timing="after",
            events=["insert", "update of role", "delete"],
            comment="Who may do what has changed",
        )
        _scheduled_jobs()
        _personal_data()
        if settings.has_demo_data:
            SOURCES.seed("demo_organizations")
    return Foundation(settings, target, known.tenancy, known.users, security_log, append_only)


def _security_events(append_only: Function) -> None:
    table = Table(
        "security_events",
        comment="What matters to security, append-only: changes of access and credentials, sign-ins",
        columns=[
            Column("id", "uuid", default="gen_random_uuid()"),
            Column("occurred_at", "timestamptz", default="now()"),
            Column("organization_id", "uuid", nullable=True, comment="Kept when the organization goes"),
            Column("kind", "text", comment="For example memberships.insert or sign_in.failed"),
            Column("severity", "text", default="'info'"),
            Column("actor_id", "uuid", nullable=True, comment="The user; null: a service"),
            Column("database_role", "text", default="current_user"),
            Column("detail", "jsonb", default="'{}'"),
        ],
        row_security="forced",
        privileges={
            USER: ["select"],
            SERVICE: ["select", "insert (organization_id, kind, severity, actor_id, detail)"],
            DEFINER: ["insert"],
        },
        intent=Intent(
            authenticated={"select": MEMBERS.member("organization_id", ADMIN)},
            service_role={"select": everybody(), "insert": everybody()},
            app_definer={"insert": everybody()},
        ),
    )
    PrimaryKey("security_events_pkey", table, ["id"])
    Check("security_events_severity_check", table, "severity in ('info', 'warning', 'critical')")
    Check("security_events_kind_check", table, "kind ~ '^[a-z_]+[.][a-z_]+$'")
    _security_event_indexes(table)
    _security_event_policies(table)
    Trigger(
        "security_events_append_only",
        table,
        function=append_only,
        level="statement",
        events=["update", "delete", "truncate"],
    )


def _security_event_indexes(table: Table) -> None:
    Index(
        "idx_security_events_organization",
        table,
        ["organization_id", "occurred_at desc"],
        serves="queries/security_events_of_organization.sql",
    )
    Index(
        "idx_critical_security_events",
        table,
        ["occurred_at desc"],
        where="severity = 'critical'",
        serves="queries/critical_security_events.sql",
    )


def _security_event_policies(table: Table) -> None:
    administered = f"organization_id = {identity.MY_ADMINISTRATION}"
    readable(table, "security_events", USER, administered, "Admins see those of their organizations")
    readable(table, "security_events", SERVICE)
    for role in (DEFINER, SERVICE):
        Policy(f"security_events_insert_by_{role}", table, command="insert", roles=[role], check="true")


_JOB_INTENT = Intent(
    service_role={"select": everybody(), "update": everybody()},
    app_monitor={"select": everybody()},
    app_owner=everybody(),
)


def _scheduled_jobs() -> None:
    table = Table(
        "scheduled_jobs",
        schema="app",
        comment="Functions that app.run_due_jobs calls; any clock can tick it, pg_cron or another",
        columns=[
            Column("name", "text"),
            Column("routine", "text", comment="A function without required arguments: schema.name"),
            Column("every", "interval"),
            Column("enabled", "boolean", default="true"),
            Column("next_run_at", "timestamptz", default="now()"),
            Column("last_run_at", "timestamptz", nullable=True),
            Column("last_duration", "interval", nullable=True),
            Column("last_error", "text", nullable=True, comment="Null when the last run went well"),
            Column("failures_in_a_row", "integer", default="0"),
        ],
        row_security="forced",
        privileges={
            SERVICE: [
                "select",
                "update (enabled, every, next_run_at)",
                "update (last_run_at, last_duration, last_error, failures_in_a_row)",
            ],
            MONITOR: ["select"],
        },
        intent=_JOB_INTENT,
    )
    PrimaryKey("scheduled_jobs_pkey", table, ["name"])
    Check("scheduled_jobs_routine_check", table, "routine ~ '^(app|monitoring)[.][a-z_]+$'")
    Check("scheduled_jobs_every_check", table, "every >= interval '1 minute'")
    Index("idx_scheduled_jobs_due", table, ["next_run_at"], where="enabled", serves="queries/due_jobs.sql")
    for role in (SERVICE, MONITOR):
        readable(table, "scheduled_jobs", role)
    Policy("scheduled_jobs_run", table, command="update", roles=[SERVICE], using="true", check="true")
    open_to_deployment(table, "scheduled_jobs")
    SOURCES.function(
        "run_due_jobs",
        SERVICE,
        comment="One tick: runs each due job in a transaction of its own; concurrent ticks share the jobs",
    )


def _personal_data() -> None:
    table = Table(
        "personal_data",
        schema="app",
        comment="Every column that refers to a user, and what becomes of it when the user is erased",
        columns=[
            Column("table_name", "text", comment="With its schema: public.memberships"),
            Column("column_name", "text", comment="Holds the user's id"),
            Column("on_erasure", "text", comment="delete the row, anonymize (set null) or keep"),
            Column("reason", "text"),
        ],
        row_security="forced",
        privileges={SERVICE: ["select"], MONITOR: ["select"]},
        intent=Intent(
            service_role={"select": everybody()}, app_monitor={"select": everybody()}, app_owner=everybody()
        ),
    )
    PrimaryKey("personal_data_pkey", table, ["table_name", "column_name"])
    Check("personal_data_table_name_check", table, "table_name ~ '^[a-z_][a-z0-9_]*[.][a-z_][a-z0-9_]*$'")
    Check("personal_data_on_erasure_check", table, "on_erasure in ('delete', 'anonymize', 'keep')")
    Check("personal_data_reason_check", table, "length(reason) >= 10")
    for role in (SERVICE, MONITOR):
        readable(table, "personal_data", role)
    open_to_deployment(table, "personal_data")
    SOURCES.reference_data("personal_data_of_foundation")
