"""What people keep on several devices, as guests and with an account: shared tables, sync, migration."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from gatepost.intent import Intent, everybody, own
from gatepost.resources import (
    Backfill,
    Check,
    Column,
    Feature,
    ForeignKey,
    Function,
    Index,
    Policy,
    PrimaryKey,
    Table,
    Trigger,
)
from infra import persistence_sync
from infra.common import EVERYTHING, ME, Foundation, Sources, open_to_deployment, open_to_services, readable
from infra.persistence_releases import TABLES, Release, SharedTable, numbered
from infra.server import SERVICE, USER

SOURCES = Sources("persistence")


def declare(on: Foundation) -> None:
    """Declare the release of the feature that the stack's settings name."""
    release = numbered(on.settings.persistence_release)
    with Feature("persistence", provider=on.target):
        _profiles(on)
        keepers = _keepers() if release.syncs else None
        for shared in TABLES:
            table = _shared_table(shared, release)
            filled = _give_rows_their_users(on, shared, table, keepers) if keepers else None
            _policies(shared, table, release, filled)
        SOURCES.reference_data("personal_data_of_profiles")
        if release.syncs:
            persistence_sync.declare(on)
            SOURCES.reference_data("personal_data_of_persistence")
            if on.settings.has_demo_data:
                SOURCES.seed("demo_attendance")


def _profiles(on: Foundation) -> Table:
    table = Table(
        "profiles",
        comment="What a browser called its user in version 1",
        columns=[
            Column("id", "text"),
            Column("user_id", "uuid", nullable=True, comment="The account; null: nobody claimed it"),
            Column("created_at", "timestamptz", default="now()"),
        ],
        row_security="forced",
        privileges={USER: ["select"], SERVICE: EVERYTHING},
        intent=Intent(
            authenticated={"select": own("user_id")}, service_role=everybody(), app_owner=everybody()
        ),
    )
    PrimaryKey("profiles_pkey", table, ["id"])
    ForeignKey("profiles_user_id_fkey", table, ["user_id"], references=on.users, on_delete="cascade")
    Index("idx_profiles_user", table, ["user_id"], serves="queries/profiles_of_user.sql")
    readable(table, "profiles", USER, f"user_id = {ME}")
    open_to_services(table, "profiles")
    open_to_deployment(table, "profiles")
    return table


def _shared_table(shared: SharedTable, release: Release) -> Table:
    table = Table(
        shared.name,
        comment=shared.comment,
        columns=[
            Column("id", "uuid", default="gen_random_uuid()"),
            Column(
                "profile_id", "text", nullable=not release.needs_profile, comment="What version 1 asks for"
            ),
            *shared.columns,
            Column("created_at", "timestamptz", default="now()"),
            *release.columns,
        ],
        row_security="forced",
        privileges={USER: _privileges(shared, release), SERVICE: EVERYTHING},
        intent=release.intent_of(shared.name),
    )
    PrimaryKey(f"{shared.name}_pkey", table, ["id"])
    for name, expression in {**shared.checks, **(_SYNC_CHECKS if release.syncs else {})}.items():
        Check(f"{shared.name}_{name}_check", table, expression)
    Index(
        f"idx_{shared.name}_profile",
        table,
        ["profile_id"],
        serves=f"queries/{shared.name}_of_profile.sql",
    )
    return table


_SYNC_CHECKS = {
    "version": "version between 1 and 9007199254740991",
    "client_id": "length(client_id) between 1 and 200",
    "metadata": "jsonb_typeof(metadata) = 'object' and length(metadata::text) <= 100000",
}


def _privileges(shared: SharedTable, release: Release) -> list[str]:
    if not release.syncs:
        return list(EVERYTHING)
    own = ("profile_id", "created_at", *(column.name for column in shared.columns))
    written = ", ".join((*own, "user_id", "client_id", "deleted", "version", "metadata"))
    return ["select", f"insert (id, {written})", f"update ({written})", "delete"]


@dataclass(frozen=True)
class Keepers:
    """The trigger functions of every shared table."""

    fields: Function
    tombstone: Function


def _keepers() -> Keepers:
    for name, comment in _WHO_ASKS.items():
        SOURCES.function(name, *(USER, SERVICE), comment=comment)
    fields = SOURCES.function(
        "keep_sync_fields", comment="Keeps owner, version, updated_at and the place in the order of changes"
    )
    tombstone = SOURCES.function(
        "keep_tombstone", comment="Turns a user's delete into a tombstone, so that other devices learn of it"
    )
    return Keepers(fields, tombstone)


_WHO_ASKS = {
    "current_client_id": "The token's client_id: a guest's name, or an account's device; null for none",
    "guest_to_take_over": "The guest whose own token was verified beside the user's; null for none",
    "current_owner": "What rows of the signed-in user or of the guest have as owner; null for nobody",
    "my_owners": "The same, and the guest whose rows the user is about to take over, if a verified one",
}


_CLAIMED_BY = "(select p.user_id from public.profiles as p where p.id = {table}.profile_id)"


def _give_rows_their_users(
    on: Foundation, shared: SharedTable, table: Table, keepers: Keepers
) -> pulumi.Resource:
    """What makes a table of version 1 one of version 2, in the order in which clients notice nothing."""
    name = shared.name
    kept = Trigger(f"{name}_sync", table, function=keepers.fields, events=["insert", "update"])
    Trigger(
        f"{name}_tombstone",
        table,
        function=keepers.tombstone,
        events=["delete"],
        when=f"current_user = '{USER}'",
        comment="A service, and the erasure of a user, do delete",
    )
    ForeignKey(f"{name}_user_id_fkey", table, ["user_id"], references=on.users, on_delete="cascade")
    Index(f"idx_{name}_user", table, ["user_id"], serves=f"queries/{name}_to_erase.sql")
    Index(f"idx_{name}_owner", table, ["owner", shared.listed_by], serves=f"queries/{name}_of_owner.sql")
    Index(
        f"idx_{name}_changes",
        table,
        ["owner", "changed_in", "id"],
        serves=f"queries/changes_in_{name}.sql",
    )
    claimed = _CLAIMED_BY.format(table=name)
    # Rows that come while the others are filled have the trigger already; those that came just before it
    # have their user, and lack the owner that the trigger finds out.
    return Backfill(
        f"{name}_users",
        table,
        sets={"user_id": f"coalesce(user_id, {claimed})"},
        where=f"owner is null and coalesce(user_id, {claimed}) is not null",
        opts=pulumi.ResourceOptions(depends_on=[kept]),
    )


def _policies(shared: SharedTable, table: Table, release: Release, filled: pulumi.Resource | None) -> None:
    # What a row is shown by must be there before it is asked for.
    opts = pulumi.ResourceOptions(depends_on=[filled] if filled else [])
    writable = release.writable.format(table=shared.name)
    for command in EVERYTHING:
        Policy(
            f"{shared.name}_{command}",
            table,
            command=command,
            roles=[USER],
            using=None if command == "insert" else release.readable,
            check=writable if command in ("insert", "update") else None,
            opts=opts,
        )
    open_to_services(table, shared.name)
    open_to_deployment(table, shared.name)
