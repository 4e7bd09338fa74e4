"""The audit log of everything that happens to associations of posts and collectives."""

from __future__ import annotations

from gatepost.intent import Intent, everybody, having, own
from gatepost.resources import Check, Column, Index, Policy, PrimaryKey, Table, Trigger
from infra.collectives import ADMINISTERED, COLLECTIVE, RUNNERS
from infra.common import ME, Sources, readable
from infra.posts import AUTHORED
from infra.server import DEFINER, SERVICE, USER

SOURCES = Sources("post_collectives")
FAILED = "outcome in ('refused', 'failed')"
_BY_SERVICES = (
    "action, outcome, post_id, collective_id, author_id, user_id, database_role, operation_id,"
    " source, error_code, detail, duration_ms, event_key"
)


def declare(shared: Table) -> None:
    """Declare the log and the triggers that write down what succeeded, in its own transaction."""
    table = Table(
        "post_collective_audit_log",
        comment="Every operation on post_collectives, refused and failed ones too; append-only, no content",
        columns=_COLUMNS,
        row_security="forced",
        privileges={
            USER: ["select"],
            SERVICE: ["select", f"insert ({_BY_SERVICES})"],
            DEFINER: ["insert"],
        },
        intent=_INTENT,
    )
    PrimaryKey("post_collective_audit_log_pkey", table, ["id"])
    for name, expression in _CHECKS.items():
        Check(f"post_collective_audit_log_{name}_check", table, expression)
    _indexes(table)
    _policies(table)
    Trigger(
        "post_collective_audit_log_append_only",
        table,
        function="app.refuse_change",
        level="statement",
        events=["update", "delete", "truncate"],
    )
    SOURCES.view(
        "post_collective_audit_logs", *(USER, SERVICE), comment="The log by its name in the deployment guide"
    )
    _record(shared)


_INTENT = Intent(
    authenticated={"select": own("author_id") | own("user_id") | COLLECTIVE.member("collective_id", RUNNERS)},
    service_role={
        "select": everybody(),
        "insert": having(source=("service", "server_log"), outcome=("refused", "failed")),
    },
    app_definer={"insert": having(source="trigger")},
)
_COLUMNS = [
    Column("id", "bigint", identity="always"),
    Column("created_at", "timestamptz", default="now()"),
    Column("action", "text", comment="create, update, remove, migrate, validate or other"),
    Column("outcome", "text", comment="succeeded, refused or failed"),
    Column("post_id", "uuid", nullable=True, comment="Kept when the post goes"),
    Column("collective_id", "uuid", nullable=True),
    Column("author_id", "uuid", nullable=True, comment="The post's author"),
    Column("user_id", "uuid", nullable=True, comment="Who did it; null: a service, or unknown"),
    Column("database_role", "text"),
    Column("operation_id", "uuid", nullable=True, comment="What belongs together, such as a request"),
    Column("source", "text", comment="trigger, service or server_log"),
    Column("error_code", "text", nullable=True),
    Column("detail", "jsonb", default="'{}'", comment="Names and numbers: no titles, texts or settings"),
    Column("duration_ms", "numeric(12,3)", nullable=True, comment="Of the statement, or the operation"),
    Column("event_key", "text", nullable=True, comment="What is recorded once: a line of the server's log …"),
]
_CHECKS = {
    "action": "action in ('create', 'update', 'remove', 'migrate', 'validate', 'other')",
    "outcome": "outcome in ('succeeded', 'refused', 'failed')",
    "source": "source in ('trigger', 'service', 'server_log')",
    "success": "(outcome = 'succeeded') = (source = 'trigger')",
    "error_code": "(outcome = 'succeeded') = (error_code is null)",
    "detail": "jsonb_typeof(detail) = 'object' and octet_length(detail::text) <= 8192",
}


def _indexes(table: Table) -> None:
    for name, columns, where, query in (
        ("post", ["post_id", "id desc"], None, "audit_of_post"),
        ("collective", ["collective_id", "id desc"], None, "audit_of_collective"),
        ("operation", ["operation_id"], "operation_id is not null", "done_by_operation"),
        ("errors", ["created_at desc"], FAILED, "error_statistics"),
        ("user_errors", ["user_id", "id desc"], FAILED, "recent_errors_of_user"),
    ):
        Index(
            f"idx_post_collective_audit_log_{name}",
            table,
            columns,
            where=where,
            serves=f"queries/{query}.sql",
        )
    Index(
        "idx_post_collective_audit_log_created",
        table,
        ["created_at"],
        method="brin",
        serves="queries/audit_metrics.sql",
        comment="A few kilobytes, whatever the size of the log",
    )
    Index(
        "idx_post_collective_audit_log_event_key",
        table,
        ["event_key"],
        unique=True,
        where="event_key is not null",
        serves="queries/recorded_events.sql",
        comment="A line of the server's log, or a failed operation, is recorded once",
    )


def _policies(table: Table) -> None:
    concerned = f"{AUTHORED} or user_id = {ME} or collective_id = {ADMINISTERED}"
    # gatepost: allow unindexed-policy: read by post, by collective or by failure, whose indexes lead
    readable(table, "post_collective_audit_log", USER, concerned, "Whom it concerns, and administrators")
    readable(table, "post_collective_audit_log", SERVICE)
    Policy(
        "post_collective_audit_log_insert_by_trigger",
        table,
        command="insert",
        roles=[DEFINER],
        check="source = 'trigger'",
    )
    Policy(
        "post_collective_audit_log_insert_by_services",
        table,
        command="insert",
        roles=[SERVICE],
        check=f"source in ('service', 'server_log') and {FAILED}",
        comment="Nobody but the trigger writes down a success",
    )


def _record(shared: Table) -> None:
    record = SOURCES.function(
        "record_post_collective_change",
        owner=DEFINER,
        comment="Writes down what a statement did to associations, without their settings' values",
    )
    for event, rows in (
        ("insert", {"new table": "added"}),
        ("update", {"new table": "added", "old table": "replaced"}),
        ("delete", {"old table": "replaced"}),
    ):
        Trigger(
            f"post_collectives_record_{event}",
            shared,
            function=record,
            timing="after",
            events=[event],
            level="statement",
            referencing=rows,
        )
