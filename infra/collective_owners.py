"""Who owns a collective: its founder first, and somebody always while it has members."""

from __future__ import annotations

from gatepost.resources import Policy, Table, Trigger
from infra.common import ME, Sources, readable
from infra.server import DEFINER

SOURCES = Sources("post_collectives")


def declare(collectives: Table, members: Table) -> None:
    """Declare the triggers that make owners, and what they may see and do."""
    _policies(collectives, members)
    found = SOURCES.function(
        "add_collective_owner", owner=DEFINER, comment="Whoever founds a collective owns it"
    )
    Trigger(
        "collectives_owner",
        collectives,
        function=found,
        timing="after",
        events=["insert"],
        when="new.created_by is not null",
    )
    keep = SOURCES.function(
        "keep_collective_owned",
        owner=DEFINER,
        comment="Users remove no last owner; where a service does, the next member in rank takes over",
    )
    Trigger(
        "collective_members_owned",
        members,
        function=keep,
        timing="after",
        events=["delete", "update of collective_id, role"],
        constraint="initially deferred",
        when="old.role = 'owner'",
    )


def _policies(collectives: Table, members: Table) -> None:
    readable(collectives, "collectives", DEFINER, comment="For app.keep_collective_owned")
    why = "For app.my_collective_ids, which must not recurse, and app.keep_collective_owned"
    readable(members, "collective_members", DEFINER, comment=why)
    Policy(
        "collective_members_found",
        members,
        command="insert",
        roles=[DEFINER],
        check=f"role = 'owner' and user_id = {ME}",
        comment="For app.add_collective_owner",
    )
    Policy(
        "collective_members_inherit",
        members,
        command="update",
        roles=[DEFINER],
        using="true",
        check="role = 'owner'",
        comment="For app.keep_collective_owned",
    )
