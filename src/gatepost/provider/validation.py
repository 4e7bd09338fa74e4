"""Proving a constraint over the rows that are there: nobody waits, and row security hides none of them."""

from __future__ import annotations

from collections.abc import Sequence

from gatepost.postgres.catalog import Facts, Key
from gatepost.postgres.plan import Lock, Statement
from gatepost.provider import privileges
from gatepost.provider.sqltext import Part, ident, joined, part, raw, roles, text

Place = tuple[str, str]
"""A table's schema and name."""


def validate(
    constraint: str,
    table: Place,
    references: Place | None,
    facts: Facts,
    *,
    of: Place | None = None,
    key: Sequence[str] = (),
) -> Statement:
    """Return the statement that validates a constraint which was added as not valid.

    PostgreSQL proves a foreign key by a query that forced row security hides rows from, even the owner's own:
    it would call a violated key valid, or find fault with a good one. Where the owner may not select from
    the table, it looks at every row itself instead; nobody sees the right missing, as it is back at the
    commit. Should somebody else have given it too, `row_security = off` makes the query fail, not lie.

    :param of: the partitioned table, where `table` is a partition.
    :param key: the columns that the foreign key refers to.
    """
    on, name = ident(*table), ident(constraint)
    sql = text("alter table {t} validate constraint {k}", t=on, k=name)
    found = [facts.read(Key("tables", *place)) for place in (of or table, references) if place]
    if references and found[0] and any(one and one["rowSecurity"] == "forced" for one in found):
        own = facts.read(Key("tables", *table)) or {}
        looked_up = key if references == table else ()
        sql = _unfooled(on, sql, found[0]["owner"], own.get("privileges", {}), looked_up)
    return Statement(sql, Lock.SHARE_UPDATE_EXCLUSIVE, ".".join(table), "separate", undo="")


def _unfooled(
    on: Part, validate: str, owner: str, granted: privileges.Privileges, looked_up: Sequence[str]
) -> str:
    """Return the validation between taking the right to select from all who have it, and giving it back.

    :param looked_up: the columns that the owner must see all the same, where a table refers to itself.
    """
    readers = {owner: ["select"], **granted}
    rights = [
        (role, right)
        for role, given in privileges.normal(readers).items()
        for right in sorted(given)
        if right.verb == "select"
    ]
    taken = [_revoke(on, role) for role in dict(rights)]
    given = [_grant(on, role, right) for role, right in rights]
    if looked_up:
        taken += [_grant(on, owner, privileges.Right("select", column)) for column in looked_up]
        given = [_revoke(on, owner), *given]
    alone = raw("set local row_security = off"), raw("set local row_security to default")
    body = [part("    {s};\n", s=one) for one in (alone[0], *taken, raw(validate), *given, alone[1])]
    return text("do $$ begin\n{body}end $$", body=joined(body, ""))


def _revoke(on: Part, role: str) -> Part:
    return part("revoke select on {t} from {r}", t=on, r=roles([role]))


def _grant(on: Part, role: str, right: privileges.Right) -> Part:
    columns = part(" ({c})", c=ident(right.column)) if right.column else raw("")
    option = raw(" with grant option" if right.grantable else "")
    return part("grant select{c} on {t} to {r}{o}", c=columns, t=on, r=roles([role]), o=option)
