"""Collectives and their members: who may see one, post to it and run it."""

from __future__ import annotations

from dataclasses import dataclass

from gatepost.intent import Intent, Membership, Update, everybody, having, own
from gatepost.resources import (
    Check,
    Column,
    ForeignKey,
    Function,
    Index,
    Policy,
    PrimaryKey,
    Table,
    Trigger,
    Unique,
)
from infra import collective_owners
from infra.common import (
    AUDIT,
    EVERYTHING,
    ME,
    Foundation,
    Sources,
    index_for_erasure,
    open_to_services,
    readable,
)
from infra.server import ANONYMOUS, DEFINER, SERVICE, USER

SOURCES = Sources("post_collectives")
COLLECTIVE = Membership("public.collective_members", tenant="collective_id", user="user_id", role="role")
"""Who belongs to which collective, for intents."""
POSTERS = Membership(
    "public.collective_members", tenant="collective_id", user="user_id", where=having(can_post=True)
)
"""Who may post to which collective, for intents."""
OWNER, RUNNERS, MODERATORS = ("owner",), ("owner", "admin"), ("owner", "admin", "editor")
RUN_BY = "('owner', 'admin')"
MODERATED_BY = "('owner', 'admin', 'editor')"
_IS_MEMBER = (
    "exists (select 1 from public.collective_members as m"
    " where m.user_id = {me} and m.collective_id = {table}.collective_id and {having})"
)
_MINE = (
    "any(array(select m.collective_id from public.collective_members as m where m.user_id = {me}{having}))"
)
MINE = _MINE.format(me=ME, having="")
"""The collectives that the user belongs to."""
ADMINISTERED = _MINE.format(me=ME, having=f" and m.role in {RUN_BY}")
"""The collectives that the user runs."""
MODERATED = _MINE.format(me=ME, having=f" and m.role in {MODERATED_BY}")
"""The collectives where the user decides on what is shared."""


def member_of(table: str, having: str) -> str:
    """Return the condition, for a new row of `table`, that the user is a member of its collective.

    `having` narrows it to some members, for example `m.can_post`.
    """
    return _IS_MEMBER.format(me=ME, table=table, having=having)


@dataclass(frozen=True)
class Collectives:
    """What posts build on."""

    collectives: Table
    members: Table
    audit: Function


def declare(on: Foundation) -> Collectives:
    """Declare collectives and memberships of them."""
    collectives = _collectives()
    members = _members(on, collectives)
    SOURCES.function(
        "my_collective_ids",
        *(USER, SERVICE),
        owner=DEFINER,
        comment="Collectives where the user has one of the roles, without the members' own policies",
    )
    _collective_policies(collectives)
    _member_policies(members)
    for name, table in {"collectives": collectives, "collective_members": members}.items():
        Trigger(f"{name}_audit", table, function=on.tenancy.audit, events=["insert", "update"])
    _member_triggers(members)
    collective_owners.declare(collectives, members)
    return Collectives(collectives, members, on.tenancy.audit)


_COLLECTIVE_INTENT = Intent(
    anon={"select": having(visibility="public")},
    authenticated={
        "select": having(visibility="public") | COLLECTIVE.member("id"),
        "insert": own("created_by"),
        "update": COLLECTIVE.member("id", RUNNERS),
        "delete": COLLECTIVE.member("id", OWNER),
    },
    service_role=everybody(),
    app_definer={"select": everybody()},
).accepting(
    {
        "unique_reveals collectives_slug_key on public.collectives": (
            "an address is taken or free for everybody: it says nothing of what is behind it"
        ),
        "policy collectives_delete: for every command": (
            "whoever owns one sees and changes it anyway, and new ones have a new id and their founder"
        ),
    }
)


def _collectives() -> Table:
    table = Table(
        "collectives",
        comment="People who publish together",
        columns=[
            Column("id", "uuid", default="gen_random_uuid()"),
            Column("name", "text"),
            Column("slug", "text", comment="What stands in addresses"),
            Column("description", "text", default="''"),
            Column("visibility", "text", default="'private'", comment="public: everybody may find it"),
            *AUDIT,
        ],
        row_security="forced",
        privileges={
            ANONYMOUS: ["select (id, name, slug, description, visibility)"],
            USER: [
                "select",
                "insert (id, name, slug, description, visibility)",
                "update (name, description, visibility)",
                "delete",
            ],
            SERVICE: EVERYTHING,
            DEFINER: ["select (id)"],
        },
        intent=_COLLECTIVE_INTENT,
    )
    PrimaryKey("collectives_pkey", table, ["id"])
    Unique("collectives_slug_key", table, ["slug"])
    Check("collectives_name_check", table, "length(name) between 1 and 200")
    Check("collectives_slug_check", table, "slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'")
    Check("collectives_description_check", table, "length(description) <= 2000")
    Check("collectives_visibility_check", table, "visibility in ('public', 'private')")
    return table


_NO_OWNER = having(role=("admin", "editor", "author", "member"))
_RUN = (COLLECTIVE.member("collective_id", RUNNERS) & _NO_OWNER) | COLLECTIVE.member("collective_id", OWNER)
_MEMBER_INTENT = Intent(
    authenticated={
        "select": own("user_id") | COLLECTIVE.member("collective_id"),
        "insert": _RUN,
        "update": _RUN,
        "delete": own("user_id") | _RUN,
    },
    service_role=everybody(),
    app_definer={
        "select": everybody(),
        "insert": own("user_id") & having(role="owner"),
        "update": Update(old=everybody(), new=having(role="owner")),
    },
).accepting(
    {
        "policy collective_members_read_by_authenticated: using without user_id ="
        " (SELECT app.current_user_id() AS current_user_id)": (
            "members are among those who see their collective: said first, it spares the own row the look-up"
        ),
    }
)


def _members(on: Foundation, collectives: Table) -> Table:
    table = Table(
        "collective_members",
        comment="Who belongs to which collective, as what, and whether they may post to it",
        columns=[
            Column("collective_id", "uuid"),
            Column("user_id", "uuid"),
            Column("role", "text", default="'member'", comment="owner, admin, editor, author or member"),
            Column("can_post", "boolean", comment="As the role says, unless it was said otherwise"),
            *AUDIT,
        ],
        row_security="forced",
        privileges={
            USER: [
                "select",
                "insert (collective_id, user_id, role, can_post)",
                "update (role, can_post)",
                "delete",
            ],
            SERVICE: EVERYTHING,
            DEFINER: ["select", "insert (collective_id, user_id, role)", "update (role)"],
        },
        intent=_MEMBER_INTENT,
    )
    PrimaryKey("collective_members_pkey", table, ["collective_id", "user_id"])
    Check("collective_members_role_check", table, "role in ('owner', 'admin', 'editor', 'author', 'member')")
    for column, references in {"collective_id": collectives, "user_id": on.users}.items():
        ForeignKey(
            f"collective_members_{column}_fkey", table, [column], references=references, on_delete="cascade"
        )
    Index(
        "idx_collective_members_user",
        table,
        ["user_id"],
        include=["collective_id", "role", "can_post"],
        serves="queries/postable_collectives.sql",
        comment="Every policy of posts looks here first",
    )
    index_for_erasure(table, "collective_members", "user_id")
    return table


def _collective_policies(table: Table) -> None:
    public = "visibility = 'public'"
    readable(table, "collectives", ANONYMOUS, public, "Everybody finds a public one")
    readable(table, "collectives", USER, f"{public} or id = {MINE}", "And members theirs")
    Policy(
        "collectives_insert",
        table,
        command="insert",
        roles=[USER],
        check=f"created_by = {ME}",
        comment="Whoever founds one becomes its owner, by trigger",
    )
    Policy(
        "collectives_update",
        table,
        command="update",
        roles=[USER],
        using=f"id = {ADMINISTERED}",
        check=f"id = {ADMINISTERED}",
    )
    owned = _MINE.format(me=ME, having=" and m.role = 'owner'")
    Policy("collectives_delete", table, command="delete", roles=[USER], using=f"id = {owned}")
    open_to_services(table, "collectives")


def _member_policies(table: Table) -> None:
    own = f"user_id = {ME}"
    fellow = _by_definer("owner,admin,editor,author,member")
    # Only owners make, change or remove owners.
    owned = _by_definer("owner")
    run = f"({_by_definer('owner,admin')} and role <> 'owner') or {owned}"
    readable(table, "collective_members", USER, f"{own} or {fellow}", "Members see each other")
    Policy("collective_members_insert", table, command="insert", roles=[USER], check=run)
    Policy(
        "collective_members_update",
        table,
        command="update",
        roles=[USER],
        using=run,
        check=f"role <> 'owner' or {owned}",
        comment="Who runs a collective changes its members, and nobody moves them to another",
    )
    Policy(
        "collective_members_delete",
        table,
        command="delete",
        roles=[USER],
        using=f"{own} or {run}",
        comment="Everybody may leave; owners remove anybody, administrators all but owners",
    )
    open_to_services(table, "collective_members")


def _by_definer(roles: str) -> str:
    return f"collective_id = any((select app.my_collective_ids('{{{roles}}}'))::uuid[])"


def _member_triggers(members: Table) -> None:
    right = SOURCES.function(
        "set_posting_right", comment="A member may post as the role says, unless it is said otherwise"
    )
    Trigger("collective_members_posting", members, function=right, events=["insert", "update of role"])
