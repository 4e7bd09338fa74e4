"""What the second release of persistence has beside the shared tables: pushes, migrations, their figures."""

from __future__ import annotations

from gatepost.intent import Intent, everybody, own
from gatepost.resources import Check, Column, ForeignKey, Index, Policy, PrimaryKey, Table
from infra.common import EVERYTHING, ME, Foundation, Sources, open_to_services, readable
from infra.persistence_releases import OWN
from infra.server import SERVICE, USER

SOURCES = Sources("persistence")
_OUTCOME = "outcome in ('succeeded', 'failed') and (outcome = 'failed') = (problem is not null)"


def declare(on: Foundation) -> None:
    """Declare receipts, logs, and the functions of the sync protocol."""
    _sync_pushes(on)
    _migration_logs(on)
    for name, comment in _CALLED_BY_USERS.items():
        SOURCES.function(name, USER, comment=comment)
    for name, comment in _CALLED_BY_SERVICES.items():
        SOURCES.function(name, SERVICE, comment=comment)
    SOURCES.view(
        "orphans", SERVICE, comment="Rows that nobody owns, or that refer to rows which are not there"
    )
    SOURCES.reference_data("persistence_jobs")


_CALLED_BY_USERS = {
    "push_rows": "Stores those of a device's rows of one table that are newer than what is there",
    "push_changes": "Stores a device's changes at once and exactly once; the answer says what became of each",
    "migrate_guest": "Gives a verified guest's rows to the signed-in user; once, however often it is called",
}
_CALLED_BY_SERVICES = {
    "sync_metrics": "How pushes and migrations fared lately, and what still waits on the devices",
    "cleanup_sync_pushes": "Removes receipts of pushes that no device asks for any more",
    "renew_sync_positions": "After a restore into another server: places every row anew, for pulls to find",
}


def _sync_pushes(on: Foundation) -> None:
    table = Table(
        "sync_pushes",
        comment="The receipt of a push: a repeated one gets the same answer",
        columns=_PUSH_COLUMNS,
        row_security="forced",
        privileges={
            USER: ["select", f"insert ({_RECEIPT})"],
            SERVICE: ["select", "insert", "delete"],
        },
        intent=Intent(
            authenticated={"select": OWN, "insert": OWN},
            service_role={"select": everybody(), "insert": everybody(), "delete": everybody()},
        ),
    )
    PrimaryKey("sync_pushes_pkey", table, ["owner", "id"])
    Check("sync_pushes_outcome_check", table, _OUTCOME)
    Check("sync_pushes_device_check", table, "length(device) between 1 and 200")
    Check("sync_pushes_outbox_check", table, "outbox >= 0")
    Index("idx_sync_pushes_pushed", table, ["pushed_at"], serves="queries/sync_metrics.sql")
    Index("idx_sync_pushes_user", table, ["user_id", "pushed_at desc"], serves="queries/pushes_of_user.sql")
    ForeignKey("sync_pushes_user_id_fkey", table, ["user_id"], references=on.users, on_delete="cascade")
    mine = "owner = (select app.current_owner())"
    readable(table, "sync_pushes", USER, mine)
    Policy("sync_pushes_insert", table, command="insert", roles=[USER], check=mine)
    open_to_services(table, "sync_pushes")


_RECEIPT = "id, device, outbox, applied, kept, refused, conflicts, answer"
_PUSH_COLUMNS = [
    Column("id", "uuid", comment="The device's own name of the push"),
    Column("user_id", "uuid", default="app.current_user_id()", nullable=True, comment="Null: a guest"),
    Column("client_id", "text", default="app.current_client_id()", nullable=True, comment="The guest"),
    Column("owner", "text", generated="coalesce(user_id::text, 'guest:' || client_id)"),
    Column("device", "text"),
    Column("pushed_at", "timestamptz", default="now()"),
    Column("outbox", "integer", default="0", comment="Changes that waited on the device, these included"),
    Column("applied", "integer", default="0"),
    Column("kept", "integer", default="0", comment="Older than what is stored"),
    Column("refused", "integer", default="0", comment="Somebody else's row"),
    Column("conflicts", "integer", default="0", comment="Two devices changed the same row"),
    Column("outcome", "text", default="'succeeded'", comment="succeeded or failed"),
    Column("problem", "text", nullable=True, comment="The kind of failure; never a row's content"),
    Column("answer", "jsonb", default="'[]'"),
    Column("pushed_in", "xid8", default="pg_current_xact_id()", comment="The transaction of the push"),
]


def _migration_logs(on: Foundation) -> None:
    table = Table(
        "migration_logs",
        comment="Each take-over of a guest's rows by an account",
        columns=[
            Column("id", "uuid", default="gen_random_uuid()"),
            Column("user_id", "uuid", default="app.current_user_id()"),
            Column("client_id", "text", comment="The guest"),
            Column("started_at", "timestamptz", default="now()"),
            Column("finished_at", "timestamptz", default="clock_timestamp()"),
            Column("outcome", "text", default="'succeeded'", comment="succeeded or failed"),
            Column("problem", "text", nullable=True, comment="The kind of failure; never a row's content"),
            Column("moved", "jsonb", default="'{}'", comment="Rows by table"),
            Column("verified", "boolean", default="false", comment="No row of the guest was left"),
        ],
        row_security="forced",
        privileges={
            USER: ["select", "insert (client_id, moved, verified)"],
            SERVICE: EVERYTHING,
        },
        intent=Intent(
            authenticated={"select": own("user_id"), "insert": own("user_id")}, service_role=everybody()
        ),
    )
    PrimaryKey("migration_logs_pkey", table, ["id"])
    Check("migration_logs_outcome_check", table, _OUTCOME)
    Check("migration_logs_client_id_check", table, "length(client_id) between 1 and 200")
    Index(
        "idx_migration_logs_user",
        table,
        ["user_id", "client_id", "started_at desc"],
        serves="queries/migrations_of_user.sql",
    )
    ForeignKey("migration_logs_user_id_fkey", table, ["user_id"], references=on.users, on_delete="cascade")
    readable(table, "migration_logs", USER, f"user_id = {ME}")
    Policy("migration_logs_insert", table, command="insert", roles=[USER], check=f"user_id = {ME}")
    open_to_services(table, "migration_logs")
