"""Words and small declarations that every feature uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gatepost.intent import Membership
from gatepost.resources import (
    Column,
    Function,
    Index,
    Policy,
    Provider,
    ReferenceData,
    Seed,
    Table,
    Tenancy,
    View,
)
from gatepost.resources.policy import Command
from infra.server import OWNER, SERVICE
from infra.settings import PROJECT, Settings

MEMBER, ADMIN = "member", "admin"
MEMBERS = Membership("public.memberships", tenant="organization_id", user="user_id", role="role")
"""Who belongs to which organization, for intents."""
EVERYTHING: tuple[Command, ...] = ("select", "insert", "update", "delete")
ME = "(select app.current_user_id())"
AUDIT = (
    Column("created_at", "timestamptz", default="now()"),
    Column("created_by", "uuid", nullable=True, comment="The user who made the row; null: a service"),
    Column("updated_at", "timestamptz", default="now()"),
    Column("updated_by", "uuid", nullable=True, comment="The user who changed it last; null: a service"),
)


@dataclass(frozen=True)
class Foundation:
    """What features build on."""

    settings: Settings
    target: Provider
    tenancy: Tenancy
    users: Table
    security_log: Function
    """The trigger function that writes a change down as a security event."""
    append_only: Function
    """The trigger function that refuses every change of what was written down."""


@dataclass(frozen=True)
class Sources:
    """The SQL files of one feature: an object a file, named after it."""

    feature: str

    def path(self, kind: str, name: str) -> Path:
        """Return the path of `schema/<feature>/<kind>/<name>.sql`."""
        return PROJECT / "schema" / self.feature / kind / f"{name}.sql"

    def function(self, name: str, *callers: str, comment: str, owner: str | None = None) -> Function:
        """Declare a function or procedure that `callers` may execute, and nobody else."""
        privileges = {role: ["execute"] for role in callers}
        sql = self.path("functions", name)
        return Function(name, sql=sql, privileges=privileges, owner=owner, comment=comment)

    def view(self, name: str, *readers: str, comment: str) -> View:
        """Declare a view that `readers` may select from."""
        privileges = {role: ["select"] for role in readers}
        return View(name, sql=self.path("views", name), privileges=privileges, comment=comment)

    def reference_data(self, name: str) -> ReferenceData:
        """Declare rows that every environment needs."""
        return ReferenceData(name, sql=self.path("seeds", name))

    def seed(self, name: str) -> Seed:
        """Declare rows for development."""
        return Seed(name, sql=self.path("seeds", name))


def open_to(role: str, table: Table, name: str, commands: Sequence[Command], comment: str) -> None:
    """Let one database role give these commands on every row, and no other: its members inherit each."""
    for command in commands:
        Policy(
            f"{name}_{command}",
            table,
            command=command,
            roles=[role],
            using=None if command == "insert" else "true",
            check="true" if command in ("insert", "update") else None,
            comment=comment,
        )


def open_to_services(table: Table, name: str) -> None:
    """Let background services see every tenant's rows; on Supabase they bypass row security anyway."""
    Policy(
        f"{name}_service",
        table,
        command="all",
        roles=[SERVICE],
        using="true",
        check="true",
        comment="Background services see every tenant",
    )


def open_to_deployment(table: Table, name: str) -> None:
    """Let the deployment write reference data into a table whose row security is forced."""
    Policy(
        f"{name}_deployment",
        table,
        command="all",
        roles=[OWNER],
        using="true",
        check="true",
        comment="The deployment keeps the reference data",
    )


def readable(table: Table, name: str, role: str, using: str = "true", comment: str | None = None) -> None:
    """Let one database role read the rows that `using` allows."""
    Policy(f"{name}_read_by_{role}", table, command="select", roles=[role], using=using, comment=comment)


def index_for_erasure(table: Table, name: str, owner: str) -> None:
    """Let an erasure find who made or changed the row of somebody else: the owner's own go with the owner."""
    for column in ("created_by", "updated_by"):
        Index(
            f"idx_{name}_{column}",
            table,
            [column],
            where=f"{column} is not null and {column} is distinct from {owner}",
            serves=f"queries/{name}_{column}.sql",
        )
