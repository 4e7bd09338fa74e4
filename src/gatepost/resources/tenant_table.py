"""A table whose rows belong to one tenant each, with everything that isolation needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from gatepost import intent as intents
from gatepost.intent import Intent, Membership, Rule, Update, everybody
from gatepost.resources._base import Group, inside_ambient
from gatepost.resources.constraint import Check, ForeignKey, PrimaryKey, Unique
from gatepost.resources.function import Function
from gatepost.resources.policy import Command, Policy
from gatepost.resources.table import Column, Table
from gatepost.resources.trigger import Trigger

_OF_USER = "from {memberships} as m where m.user_id = (select {user}){having}"
_READABLE = "{tenant} = any(array(select m.{tenant} " + _OF_USER + "))"
_WRITABLE = "exists (select 1 " + _OF_USER + " and m.{tenant} = {table}.{tenant})"
COMMANDS: tuple[Command, ...] = ("select", "insert", "update", "delete")


@dataclass(frozen=True)
class Tenancy:
    """Who belongs to which tenant, and how the database finds out."""

    tenants: Table
    memberships: str
    """The table of memberships, with its schema: `public.memberships`."""
    column: str
    """The column that names the tenant, in the memberships and in every tenant's table."""
    roles: tuple[str, ...]
    """The roles that a member can have."""
    current_user: str
    """SQL that gives the current user's id, for example `app.current_user_id()`."""
    audit: Function
    """The trigger function that keeps the audit columns."""
    database_role: str = "authenticated"
    service_role: str = "service_role"

    def readable(self, roles: Sequence[str]) -> str:
        """Return the condition that the row is of a tenant where the user has one of `roles`.

        The array is computed once a statement.
        """
        return _READABLE.format(
            tenant=self.column,
            memberships=self.memberships,
            user=self.current_user,
            having=self._having(roles),
        )

    def writable(self, table: str, roles: Sequence[str]) -> str:
        """Return the same condition for a new row of `table`.

        It is correlated, because an array would be computed again for every inserted row.
        """
        return _WRITABLE.format(
            tenant=self.column,
            memberships=self.memberships,
            user=self.current_user,
            having=self._having(roles),
            table=table,
        )

    def intent(self, access: Mapping[str, Sequence[Command]]) -> Intent:
        """Return what `access` means: members by their roles, services without limits."""
        members = Membership(self.memberships, tenant=self.column, user="user_id", role="role")
        allowed: dict[intents.Command, Rule | Update] = {}
        for command in intents.COMMANDS:
            if roles := tuple(role for role, given in access.items() if command in given):
                allowed[command] = members.member(self.column, roles)
        by_role: dict[str, Rule | Mapping[intents.Command, Rule | Update]] = {
            self.database_role: allowed,
            self.service_role: everybody(),
        }
        return Intent(**by_role)

    def _having(self, roles: Sequence[str]) -> str:
        if set(roles) >= set(self.roles):
            return ""
        listed = ", ".join("'" + role.replace("'", "''") + "'" for role in roles)
        return f" and m.role in ({listed})"


class TenantTable(Group):
    """A tenant's table: keys, audit columns, forced row security, a policy a command, the tenant's index.

    :param access: the intent: which member role may do what, for example
        `{"member": ["select"], "admin": ["select", "insert", "update", "delete"]}`.
    :param intent: the intent of further roles, beside the members and services.
    :param checks: check constraints by name.
    :param unique: unique keys; each should lead with the tenant's column.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        tenancy: Tenancy,
        columns: Sequence[Column],
        access: Mapping[str, Sequence[Command]],
        checks: Mapping[str, str] | None = None,
        unique: Sequence[Sequence[str]] = (),
        comment: str | None = None,
        privileges: Mapping[str, Sequence[str] | str] | None = None,
        intent: Intent | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("gatepost:index:TenantTable", resource_name, None, inside_ambient(opts))
        self.tenancy = tenancy
        with self:
            self.table = Table(
                resource_name,
                columns=[*self._key_columns(), *columns, *self._audit_columns()],
                comment=comment,
                row_security="forced",
                privileges={**self._privileges(access), **(privileges or {})},
                intent=tenancy.intent(access) | (intent or Intent()),
            )
            self._declare_keys(resource_name, unique)
            for name, expression in (checks or {}).items():
                Check(f"{resource_name}_{name}", self.table, expression)
            self._declare_policies(resource_name, access)
            Trigger(
                f"{resource_name}_audit",
                self.table,
                function=tenancy.audit,
                events=["insert", "update"],
                comment="Keeps created_at, created_by, updated_at and updated_by",
            )

    def _key_columns(self) -> list[Column]:
        return [
            Column("id", "uuid", default="gen_random_uuid()"),
            Column(self.tenancy.column, "uuid", comment="The tenant that the row belongs to"),
        ]

    def _audit_columns(self) -> list[Column]:
        return [
            Column("created_at", "timestamptz", default="now()"),
            Column("created_by", "uuid", nullable=True, comment="The user who made the row"),
            Column("updated_at", "timestamptz", default="now()"),
            Column("updated_by", "uuid", nullable=True, comment="The user who changed it last"),
        ]

    def _privileges(self, access: Mapping[str, Sequence[Command]]) -> dict[str, list[str]]:
        used = [command for command in COMMANDS if any(command in given for given in access.values())]
        return {self.tenancy.database_role: [*used], self.tenancy.service_role: [*COMMANDS]}

    def _declare_keys(self, name: str, unique: Sequence[Sequence[str]]) -> None:
        tenant = self.tenancy.column
        PrimaryKey(f"{name}_pkey", self.table, ["id"])
        Unique(
            f"{name}_{tenant}_id_key",
            self.table,
            [tenant, "id"],
            comment="What foreign keys refer to, so that they carry the tenant",
        )
        for key in unique:
            Unique(f"{name}_{'_'.join(key)}_key", self.table, key)
        ForeignKey(
            f"{name}_{tenant}_fkey",
            self.table,
            [tenant],
            references=self.tenancy.tenants,
            on_delete="cascade",
        )

    def _declare_policies(self, name: str, access: Mapping[str, Sequence[Command]]) -> None:
        for command in COMMANDS:
            roles = [role for role, given in access.items() if command in given]
            if roles:
                self._declare_policy(name, command, roles)
        Policy(
            f"{name}_service",
            self.table,
            command="all",
            roles=[self.tenancy.service_role],
            using="true",
            check="true",
            comment="Background services see every tenant",
        )

    def _declare_policy(self, name: str, command: Command, roles: Sequence[str]) -> None:
        Policy(
            f"{name}_{command}",
            self.table,
            command=command,
            roles=[self.tenancy.database_role],
            using=None if command == "insert" else self.tenancy.readable(roles),
            check=self.tenancy.writable(name, roles) if command in ("insert", "update") else None,
            comment=f"{' and '.join(f'{role}s' for role in roles).capitalize()} may {command}",
        )
