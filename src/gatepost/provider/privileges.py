"""Privileges of an object as a property: whoever is not named has none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import LiteralString

from gatepost.errors import InvalidDeclaration
from gatepost.postgres.plan import Lock, Statement
from gatepost.provider.sqltext import Part, idents, joined, part, raw, roles, text

Privileges = Mapping[str, Iterable[str]]

TABLE = frozenset({"select", "insert", "update", "delete", "truncate", "references", "trigger", "maintain"})
FUNCTION = frozenset({"execute"})
SEQUENCE = frozenset({"usage", "select", "update"})
TYPE = frozenset({"usage"})
_PER_COLUMN = frozenset({"select", "insert", "update", "references"})
_ONE = r'(?:"(?:[^"]|"")*"|[^(),"\s][^(),]*?)'
_SHAPE = re.compile(
    rf"^(?P<verb>[a-z]+)\s*(?:\((?P<columns>\s*{_ONE}\s*(?:,\s*{_ONE}\s*)*)\))?"
    r"(?P<option> with grant option)?$",
    re.IGNORECASE,
)
_COLUMN = re.compile(rf"\s*({_ONE})\s*(?:,|$)")
_PLAIN = re.compile(r"[^(),\"\s]([^(),]*[^(),\s])?")


@dataclass(frozen=True, order=True)
class Right:
    """One privilege, on one column where it names one."""

    verb: str
    column: str = ""
    grantable: bool = False


def check(
    privileges: Privileges, allowed: frozenset[str], where: str, known: frozenset[str] | None = None
) -> None:
    """Reject a privilege that objects of this kind do not know, and columns that a table does not have.

    :raises InvalidDeclaration: names the role and the privilege.
    """
    for role, given in privileges.items():
        for privilege in given:
            rights = _rights(privilege)
            if not rights or any(one.verb not in allowed for one in rights):
                raise InvalidDeclaration(
                    f'{where}: privileges of "{role}": "{privilege}" is none of {", ".join(sorted(allowed))}'
                )
            columns = {one.column for one in rights if one.column}
            if columns and rights[0].verb not in _PER_COLUMN:
                raise InvalidDeclaration(
                    f'{where}: privileges of "{role}": {rights[0].verb} cannot be given on columns'
                )
            if missing := sorted(columns - known) if known is not None else ():
                raise InvalidDeclaration(
                    f'{where}: privileges of "{role}": there is no column {", ".join(missing)}'
                )


def normal(privileges: Privileges | None) -> dict[str, frozenset[Right]]:
    """Return privileges in one spelling: a right for each column, roles without any left out."""
    rights = {
        role: frozenset(right for privilege in given for right in _rights(privilege))
        for role, given in (privileges or {}).items()
    }
    return {role: given for role, given in rights.items() if given}


def without(privileges: Privileges, columns: set[str]) -> dict[str, list[str]]:
    """Return the privileges but for those on columns that are no more."""
    return {
        role: [spelled(right) for right in rights if right.column not in columns]
        for role, rights in normal(privileges).items()
    }


def spelled(right: Right) -> str:
    """Return a right as a declaration says it."""
    option = " with grant option" if right.grantable else ""
    column = right.column if _PLAIN.fullmatch(right.column) else '"' + right.column.replace('"', '""') + '"'
    return f"{right.verb} ({column}){option}" if right.column else f"{right.verb}{option}"


def _rights(privilege: str) -> list[Right]:
    match = _SHAPE.match(privilege.strip())
    if not match:
        return []
    columns = _COLUMN.findall(match["columns"]) if match["columns"] else [""]
    grantable = bool(match["option"])
    return [Right(match["verb"].lower(), _unquoted(column), grantable) for column in columns]


def _unquoted(column: str) -> str:
    return column[1:-1].replace('""', '"') if column.startswith('"') else column


def changes(
    on: LiteralString, target: Part, name: str, old: Privileges | None, new: Privileges | None
) -> list[Statement]:
    """Return the revokes and grants that turn `old` into `new`, in this order.

    :param on: `table`, `function`, `procedure`, `sequence` or `type`.
    """
    before, after = normal(old), normal(new)
    statements = []
    for role in sorted(before.keys() | after.keys()):
        had, gets = before.get(role, frozenset()), after.get(role, frozenset())
        lost = had - gets
        # Revoked on the table, a privilege is gone from each of its columns too.
        whole = {right.verb for right in lost if not right.column}
        won = {right for right in gets if right not in had or right.verb in whole}
        statements += [
            *_statement("revoke {what} on {on} {target} from {role}", on, target, name, role, lost),
            *_statement("grant {what} on {on} {target} to {role}", on, target, name, role, won),
        ]
    return statements


def revoke_all(on: LiteralString, target: Part, name: str, from_roles: Iterable[str]) -> Statement:
    """Return the statement that takes everything from the roles, whatever they were given."""
    sql = text("revoke all on {on} {target} from {roles}", on=raw(on), target=target, roles=roles(from_roles))
    return Statement(sql, Lock.NONE, name)


def _statement(
    template: LiteralString, on: LiteralString, target: Part, name: str, role: str, given: Iterable[Right]
) -> list[Statement]:
    statements = []
    for option in (False, True):
        rights = sorted(one for one in given if one.grantable == option)
        what = [
            _privilege(verb, sorted({right.column for right in group}))
            for (verb, _), group in groupby(rights, key=lambda right: (right.verb, bool(right.column)))
        ]
        sql = text(template, what=joined(what), on=raw(on), target=target, role=roles([role]))
        passed_on = " with grant option" if option and sql.startswith("grant ") else ""
        statements += [Statement(sql + passed_on, Lock.NONE, name)] if what else []
    return statements


def _privilege(verb: str, columns: list[str]) -> Part:
    if columns == [""]:
        return raw(verb)
    return part("{verb} ({columns})", verb=raw(verb), columns=idents(columns))
