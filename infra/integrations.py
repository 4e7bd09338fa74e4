"""Integrations of organizations with outside services, what they executed, and how they fare."""

from __future__ import annotations

from gatepost.intent import Intent, everybody
from gatepost.resources import (
    Check,
    Column,
    Feature,
    ForeignKey,
    Index,
    PrimaryKey,
    Table,
    TenantTable,
    Trigger,
)
from infra import integration_usage
from infra.common import (
    ADMIN,
    EVERYTHING,
    MEMBER,
    Foundation,
    Sources,
    open_to_deployment,
    open_to_services,
    readable,
)
from infra.server import DEFINER, SERVICE, USER

SOURCES = Sources("integrations")
SECRET_NAMES = "password|passwd|secret|token|api_?key|private_?key|credential"  # noqa: S105
NO_SECRET = (
    'not jsonb_path_exists(config, \'$.** ? (@.type() == "object").keyvalue()'
    f' ? (@.key like_regex "{SECRET_NAMES}" flag "i")\')'
)


def declare(on: Foundation) -> None:
    """Declare the feature."""
    with Feature("integrations", provider=on.target):
        types = _integration_types()
        integrations = _integrations(on, types)
        integration_usage.declare(on, integrations)
        _reports()
        _clean_up()
        SOURCES.reference_data("personal_data_of_integrations")
        if on.settings.has_demo_data:
            SOURCES.seed("demo_integrations")


def _integration_types() -> Table:
    table = Table(
        "integration_types",
        comment="Kinds of outside services; a new kind is a new row",
        columns=[
            Column("type", "text"),
            Column("name", "text", comment="What people read"),
            Column("created_at", "timestamptz", default="now()"),
        ],
        row_security="forced",
        privileges={USER: ["select"], SERVICE: EVERYTHING},
        intent=Intent(authenticated={"select": everybody()}, service_role=everybody(), app_owner=everybody()),
    )
    PrimaryKey("integration_types_pkey", table, ["type"])
    Check("integration_types_type_check", table, "type ~ '^[a-z][a-z0-9_]{0,62}$'")
    readable(table, "integration_types", USER, comment="The same for every tenant")
    open_to_services(table, "integration_types")
    open_to_deployment(table, "integration_types")
    SOURCES.reference_data("integration_types")
    return table


_COLUMNS = [
    Column("type", "text"),
    Column("name", "text"),
    Column("status", "text", default="'inactive'", comment="active, inactive or error"),
    Column("config", "jsonb", default="'{}'", comment="Settings without secrets"),
    Column(
        "credentials_ref",
        "text",
        nullable=True,
        comment="Where the secret is kept, such as vault://path: never the secret",
    ),
    Column("last_used_at", "timestamptz", nullable=True, comment="Kept by trigger, to the minute"),
]
_CHECKS = {
    "name_check": "length(name) between 1 and 200",
    "status_check": "status in ('active', 'inactive', 'error')",
    "config_check": "jsonb_typeof(config) = 'object'",
    "config_secret_check": NO_SECRET,
    "credentials_ref_check": "credentials_ref ~ '^[a-z][a-z0-9+.-]*://[^[:space:]]+$'",
}


def _integrations(on: Foundation, types: Table) -> Table:
    table = TenantTable(
        "integrations",
        tenancy=on.tenancy,
        comment="One integration of an organization with an outside service",
        columns=_COLUMNS,
        checks=_CHECKS,
        unique=[("organization_id", "type")],
        access={MEMBER: ["select"], ADMIN: EVERYTHING},
        privileges={
            USER: [
                "select",
                "insert (organization_id, type, name, status, config, credentials_ref)",
                "update (name, status, config, credentials_ref)",
                "delete",
            ],
            DEFINER: ["select (id, organization_id, last_used_at)", "update (last_used_at)"],
        },
        intent=Intent(app_definer={"select": everybody(), "update": everybody()}),
    ).table
    ForeignKey("integrations_type_fkey", table, ["type"], references=types, columns_of=["type"])
    _integration_indexes(table)
    Trigger(
        "integrations_security",
        table,
        function=on.security_log,
        timing="after",
        events=["update of credentials_ref", "delete"],
        comment="Credentials were exchanged, or an integration removed",
    )
    return table


def _integration_indexes(table: Table) -> None:
    Index(
        "idx_integrations_organization_id",
        table,
        ["organization_id", "name", "id"],
        serves="queries/integrations_of_organization.sql",
    )
    Index(
        "idx_integrations_type",
        table,
        ["type", "organization_id"],
        serves="queries/integrations_of_type.sql",
        comment="Also the foreign key to integration_types",
    )
    Index(
        "idx_integrations_status",
        table,
        ["status", "(coalesce(last_used_at, created_at))"],
        serves="queries/unused_integrations.sql",
    )
    Index(
        "idx_active_integrations",
        table,
        ["organization_id", "type"],
        where="status = 'active'",
        serves="queries/active_integrations.sql",
    )
    Index(
        "idx_failing_integrations",
        table,
        ["updated_at"],
        where="status = 'error'",
        serves="queries/failing_integrations.sql",
    )


def _reports() -> None:
    SOURCES.view("integration_dashboard", *(USER, SERVICE), comment="Integrations with their usage of 7 days")
    SOURCES.function(
        "integration_health",
        *(USER, SERVICE),
        comment="An organization's integrations: healthy, degraded, failing, unused or inactive, and why",
    )


def _clean_up() -> None:
    SOURCES.function(
        "cleanup_inactive_integrations",
        SERVICE,
        comment="Removes integrations that are inactive and unused; each leaves a security event",
    )
    SOURCES.function("cleanup_execution_logs", SERVICE, comment="Removes old executions; usage stays")
    SOURCES.reference_data("integration_jobs")
