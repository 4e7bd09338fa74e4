"""Organizations, users and memberships: who somebody is, and what of."""

from __future__ import annotations

from dataclasses import dataclass

from gatepost.intent import COMMANDS, Intent, everybody, own, through
from gatepost.resources import (
    Check,
    Column,
    ForeignKey,
    Index,
    Policy,
    PrimaryKey,
    Table,
    Tenancy,
    Trigger,
    Unique,
)
from infra.common import (
    ADMIN,
    AUDIT,
    EVERYTHING,
    ME,
    MEMBER,
    MEMBERS,
    Sources,
    index_for_erasure,
    open_to_services,
    readable,
)
from infra.server import DEFINER, MONITOR, SERVICE, USER

SOURCES = Sources("foundation")
MY_ORGANIZATIONS = "any((select app.my_organization_ids('{admin,member}'))::uuid[])"
MY_ADMINISTRATION = "any((select app.my_organization_ids('{admin}'))::uuid[])"


@dataclass(frozen=True)
class Identity:
    """What the rest of the foundation builds on."""

    tenancy: Tenancy
    users: Table
    memberships: Table


def declare() -> Identity:
    """Declare identity and return how tenants' tables find out who may see them."""
    _identity_functions()
    audit = SOURCES.function(
        "keep_audit_fields", comment="Keeps created_at, created_by, updated_at, updated_by; clients cannot"
    )
    organizations, users = _organizations(), _users()
    memberships = _memberships(organizations, users)
    SOURCES.function(
        "my_organization_ids",
        *(USER, SERVICE),
        owner=DEFINER,
        comment="Organizations where the user has one of the roles, without the memberships' own policies",
    )
    _organization_policies(organizations)
    _user_policies(users)
    _membership_policies(memberships)
    for name, table in {"organizations": organizations, "users": users, "memberships": memberships}.items():
        Trigger(f"{name}_audit", table, function=audit, events=["insert", "update"])
    tenancy = Tenancy(
        tenants=organizations,
        memberships="public.memberships",
        column="organization_id",
        roles=(ADMIN, MEMBER),
        current_user="app.current_user_id()",
        audit=audit,
    )
    return Identity(tenancy, users, memberships)


def _identity_functions() -> None:
    SOURCES.function(
        "current_user_id",
        *(USER, SERVICE, DEFINER, MONITOR),
        comment="The signed-in user: the token's sub, or app.user_id; null for nobody",
    )
    SOURCES.function(
        "current_organization_id",
        *(USER, SERVICE),
        comment="The one organization that the request is scoped to; null for none",
    )


def _organizations() -> Table:
    table = Table(
        "organizations",
        comment="A tenant: people who use the platform together",
        columns=[
            Column("id", "uuid", default="gen_random_uuid()"),
            Column("name", "text"),
            Column("slug", "text", comment="What stands in addresses"),
            *AUDIT,
        ],
        row_security="forced",
        privileges={USER: ["select", "update (name)"], SERVICE: EVERYTHING},
        intent=Intent(
            authenticated={"select": MEMBERS.member("id"), "update": MEMBERS.member("id", ADMIN)},
            service_role=everybody(),
        ),
    )
    PrimaryKey("organizations_pkey", table, ["id"])
    Unique("organizations_slug_key", table, ["slug"])
    Check("organizations_name_check", table, "length(name) between 1 and 200")
    Check("organizations_slug_check", table, "slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'")
    return table


_COLLEAGUE = through("id", MEMBERS.table, MEMBERS.member(MEMBERS.tenant), key=MEMBERS.user)
_MEMBERSHIP_INTENT = Intent(
    authenticated={
        **dict.fromkeys(COMMANDS, MEMBERS.member("organization_id", ADMIN)),
        "select": MEMBERS.member("organization_id"),
    },
    service_role=everybody(),
    app_definer={"select": own("user_id")},
)


def _users() -> Table:
    table = Table(
        "users",
        comment="A person; the id is the subject of the identity provider's tokens",
        columns=[
            Column("id", "uuid", default="gen_random_uuid()"),
            Column("email", "text"),
            Column("display_name", "text", default="''"),
            *AUDIT,
        ],
        row_security="forced",
        privileges={USER: ["select", "update (display_name)"], SERVICE: EVERYTHING},
        intent=Intent(
            authenticated={"select": own("id") | _COLLEAGUE, "update": own("id")}, service_role=everybody()
        ),
    )
    PrimaryKey("users_pkey", table, ["id"])
    Check("users_email_check", table, "email ~ '^[^@[:space:]]+@[^@[:space:]]+$' and length(email) <= 320")
    Index(
        "users_email_key",
        table,
        ["(lower(email))"],
        unique=True,
        serves="queries/user_by_email.sql",
        comment="One account an address, whatever its case",
    )
    return table


def _memberships(organizations: Table, users: Table) -> Table:
    table = Table(
        "memberships",
        comment="Who belongs to which organization, and as what",
        columns=[
            Column("organization_id", "uuid"),
            Column("user_id", "uuid"),
            Column("role", "text", default="'member'", comment="admin or member"),
            *AUDIT,
        ],
        row_security="forced",
        privileges={
            USER: ["select", "insert (organization_id, user_id, role)", "update (role)", "delete"],
            SERVICE: EVERYTHING,
            DEFINER: ["select"],
        },
        intent=_MEMBERSHIP_INTENT,
    )
    PrimaryKey("memberships_pkey", table, ["organization_id", "user_id"])
    Check("memberships_role_check", table, "role in ('admin', 'member')")
    for column, references in {"organization_id": organizations, "user_id": users}.items():
        name = f"memberships_{column}_fkey"
        ForeignKey(name, table, [column], references=references, on_delete="cascade")
    Index(
        "idx_memberships_user",
        table,
        ["user_id", "organization_id"],
        include=["role"],
        serves="queries/my_organizations.sql",
        comment="Every membership policy looks here first",
    )
    Index(
        "idx_memberships_admins",
        table,
        ["organization_id", "user_id"],
        where="role = 'admin'",
        serves="queries/admins_of_organization.sql",
    )
    index_for_erasure(table, "memberships", "user_id")
    return table


def _organization_policies(table: Table) -> None:
    readable(table, "organizations", USER, f"id = {MY_ORGANIZATIONS}", "Members see their organizations")
    Policy(
        "organizations_update",
        table,
        command="update",
        roles=[USER],
        using=f"id = {MY_ADMINISTRATION}",
        check=f"id = {MY_ADMINISTRATION}",
        comment="Admins may rename their organizations",
    )
    open_to_services(table, "organizations")


def _user_policies(table: Table) -> None:
    known = "id = any(array(select m.user_id from public.memberships as m))"
    readable(table, "users", USER, f"id = {ME} or {known}", "Oneself, and whose memberships one sees")
    Policy(
        "users_update",
        table,
        command="update",
        roles=[USER],
        using=f"id = {ME}",
        check=f"id = {ME}",
        comment="Users may rename themselves",
    )
    open_to_services(table, "users")


def _membership_policies(table: Table) -> None:
    administered = f"organization_id = {MY_ADMINISTRATION}"
    own = f"user_id = {ME}"
    readable(table, "memberships", USER, f"organization_id = {MY_ORGANIZATIONS}")
    Policy("memberships_insert", table, command="insert", roles=[USER], check=administered)
    Policy(
        "memberships_update", table, command="update", roles=[USER], using=administered, check=administered
    )
    Policy("memberships_delete", table, command="delete", roles=[USER], using=administered)
    readable(table, "memberships", DEFINER, own, "For app.my_organization_ids, which must not recurse")
    open_to_services(table, "memberships")
