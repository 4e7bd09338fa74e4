"""What workflows executed through integrations, and how much: the log and its daily counts."""

from __future__ import annotations

from gatepost.intent import Intent, everybody
from gatepost.resources import Check, Column, ForeignKey, Index, PrimaryKey, Table, Trigger
from infra.common import EVERYTHING, MEMBERS, Foundation, Sources, open_to, open_to_services, readable
from infra.server import DEFINER, SERVICE, USER

SOURCES = Sources("integrations")


def declare(on: Foundation, integrations: Table) -> None:
    """Declare the log, the counts and the triggers that count."""
    logs = _workflow_execution_logs(on, integrations)
    usage = _integration_usage(on, integrations)
    _count_usage(integrations, logs, usage)


def _workflow_execution_logs(on: Foundation, integrations: Table) -> Table:
    table = Table(
        "workflow_execution_logs",
        comment="One execution of a workflow, for an organization and mostly through an integration",
        columns=_LOG_COLUMNS,
        row_security="forced",
        privileges={USER: ["select"], SERVICE: EVERYTHING},
        intent=Intent(
            authenticated={"select": MEMBERS.member("organization_id")},
            service_role=everybody(),
        ),
    )
    PrimaryKey("workflow_execution_logs_pkey", table, ["id"])
    for name, expression in _LOG_CHECKS.items():
        Check(f"workflow_execution_logs_{name}_check", table, expression)
    ForeignKey(
        "workflow_execution_logs_organization_id_fkey",
        table,
        ["organization_id"],
        references=on.tenancy.tenants,
        on_delete="cascade",
    )
    ForeignKey(
        "workflow_execution_logs_integration_id_fkey",
        table,
        ["organization_id", "integration_id"],
        references=integrations,
        columns_of=["organization_id", "id"],
        on_delete="cascade",
    )
    members = on.tenancy.readable(on.tenancy.roles)
    readable(table, "workflow_execution_logs", USER, members, "Members see; only services write")
    open_to_services(table, "workflow_execution_logs")
    _log_indexes(table)
    return table


_LOG_COLUMNS = [
    Column("id", "uuid", default="gen_random_uuid()"),
    Column("organization_id", "uuid", comment="The tenant that the row belongs to"),
    Column("integration_id", "uuid", nullable=True),
    Column("workflow", "text"),
    Column("status", "text", default="'running'", comment="running, succeeded, failed or cancelled"),
    Column("started_at", "timestamptz", default="now()"),
    Column("finished_at", "timestamptz", nullable=True),
    Column(
        "duration_ms",
        "bigint",
        nullable=True,
        generated="(extract(epoch from (finished_at - started_at)) * 1000)::bigint",
        comment="Milliseconds from start to finish",
    ),
    Column("error", "text", nullable=True),
    Column("created_at", "timestamptz", default="now()"),
]
_LOG_CHECKS = {
    "status": "status in ('running', 'succeeded', 'failed', 'cancelled')",
    "finish": "(status = 'running') = (finished_at is null)",
    "order": "finished_at >= started_at",
    "error": "error is null or status = 'failed'",
}


def _log_indexes(table: Table) -> None:
    tenant, newest = "organization_id", "started_at desc"
    for name, columns, where, query in (
        ("organization", [tenant, newest], None, "recent_executions"),
        ("integration", [tenant, "integration_id", newest], None, "executions_of_integration"),
        ("workflow", [tenant, "workflow", newest], None, "executions_of_workflow"),
        ("failed", [tenant, newest], "status = 'failed'", "failed_executions"),
        ("unfinished", ["started_at"], "finished_at is null", "unfinished_executions"),
    ):
        Index(
            f"idx_workflow_execution_logs_{name}",
            table,
            columns,
            where=where,
            serves=f"queries/{query}.sql",
        )
    Index(
        "idx_workflow_execution_logs_created",
        table,
        ["created_at"],
        method="brin",
        serves="queries/old_executions.sql",
        comment="A few kilobytes, whatever the size of the log",
    )


def _integration_usage(on: Foundation, integrations: Table) -> Table:
    table = Table(
        "integration_usage_daily",
        comment="Executions per integration and day (UTC), counted by triggers",
        columns=[
            Column("organization_id", "uuid", comment="The tenant that the row belongs to"),
            Column("integration_id", "uuid"),
            Column("day", "date"),
            Column("executions", "bigint", default="0", comment="Started that day"),
            Column("succeeded", "bigint", default="0"),
            Column("failed", "bigint", default="0"),
            Column("duration_ms", "bigint", default="0", comment="Of the finished ones, together"),
        ],
        row_security="forced",
        privileges={USER: ["select"], SERVICE: ["select"], DEFINER: ["select", "insert", "update"]},
        intent=Intent(
            authenticated={"select": MEMBERS.member("organization_id")},
            service_role={"select": everybody()},
            app_definer={"select": everybody(), "insert": everybody(), "update": everybody()},
        ),
    )
    PrimaryKey("integration_usage_daily_pkey", table, ["organization_id", "integration_id", "day"])
    ForeignKey(
        "integration_usage_daily_integration_id_fkey",
        table,
        ["organization_id", "integration_id"],
        references=integrations,
        columns_of=["organization_id", "id"],
        on_delete="cascade",
    )
    Index(
        "idx_integration_usage_daily_day",
        table,
        ["organization_id", "day desc"],
        serves="queries/usage_of_organization.sql",
    )
    members = on.tenancy.readable(on.tenancy.roles)
    readable(table, "integration_usage_daily", USER, members, "Members see; nobody forges")
    readable(table, "integration_usage_daily", SERVICE)
    return table


def _count_usage(integrations: Table, logs: Table, usage: Table) -> None:
    why = "The counting triggers"
    open_to(DEFINER, integrations, "integrations_count", ["select", "update"], why)
    open_to(DEFINER, usage, "integration_usage_daily_count", ["select", "insert", "update"], why)
    started = SOURCES.function(
        "count_new_executions", owner=DEFINER, comment="Adds new executions to the usage of their day"
    )
    finished = SOURCES.function(
        "count_finished_executions", owner=DEFINER, comment="Adds results once executions have them"
    )
    for function, event, tables in (
        (started, "insert", {"new table": "added"}),
        (finished, "update", {"new table": "added", "old table": "replaced"}),
    ):
        Trigger(
            f"workflow_execution_logs_count_{event}",
            logs,
            function=function,
            timing="after",
            events=[event],
            level="statement",
            referencing=tables,
        )
