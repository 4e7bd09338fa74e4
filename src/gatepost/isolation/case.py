"""What is tried, by whom, and what came of it: plain data that the oracle and PostgreSQL answer alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from gatepost.intent import Command, Intent, Rule, Update

Row = Mapping[str, str | None]
"""A row's values as PostgreSQL writes them; None is null."""
Action = Literal[
    "select",
    "count",
    "lock",
    "insert",
    "insert returning",
    "insert or nothing",
    "upsert",
    "merge",
    "update",
    "update returning",
    "delete",
    "delete returning",
    "truncate",
]
Path = Literal["table", "view", "function", "partition", "prepared", "copy"]
COMMAND_OF: Mapping[Action, Command | None] = {
    "select": "select",
    "count": "select",
    "lock": "select",
    "insert": "insert",
    "insert returning": "insert",
    "insert or nothing": "insert",
    "upsert": "insert",
    "merge": "insert",
    "update": "update",
    "update returning": "update",
    "delete": "delete",
    "delete returning": "delete",
    "truncate": None,
}
"""The command whose rule says first what must happen."""


@dataclass(frozen=True)
class Asker:
    """Somebody who connects: a database role, and the user of the token."""

    role: str
    user: str | None
    label: str
    """What people call them: `admin of tenant 1`."""
    roles: frozenset[str]
    """The role and all whose rights it inherits."""
    claims: tuple[tuple[str, str], ...] = ()
    """What the token says beside the role and the user."""


@dataclass(frozen=True)
class Subject:
    """A table as it is declared, as far as its rows' isolation goes."""

    name: str
    """With its schema: `public.posts`."""
    feature: str
    columns: tuple[str, ...]
    intent: Intent
    owner: str
    forced: bool
    """Whether row security holds for the owner too."""
    granted: Mapping[str, Mapping[Command, frozenset[str]]]
    """By role and command, the columns that a privilege is limited to; a command that is limited to none
    is not named."""
    partitions: tuple[str, ...] = ()

    def rules_of(self, roles: frozenset[str]) -> Iterator[Rule | Update]:
        """Yield the rules of these roles."""
        for role in sorted(roles & self.intent.roles.keys()):
            yield from self.intent.roles[role].values()


@dataclass(frozen=True)
class Case:
    """One statement of one asker; what it touches is told by values, never by SQL."""

    asker: Asker
    table: str
    action: Action
    path: Path = "table"
    where: tuple[str, ...] | None = None
    """The keys of the rows that it names; None names none: the statement has no condition."""
    values: tuple[tuple[str, str | None], ...] = ()
    """The columns of a new row, or those that an update sets."""
    arbiter: tuple[str, ...] = ()
    """The columns of the unique key that an upsert or a merge goes by."""
    sets: tuple[str, str | None] | None = None
    """What an upsert or a merge sets where the row is there already."""
    partition: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What must happen, or what did."""

    kind: Literal["rows", "denied", "refused", "undecided", "error"]
    """`rows`: so many; `denied`: for want of a privilege; `refused`: a policy does not let the new row in;
    `undecided`: a constraint or trigger spoke first."""
    count: int = 0
    keys: frozenset[str] | None = None
    """Which rows, where the statement returns them."""
    state: str = ""
    message: str = ""
    among: bool = False
    """Of a refusal: whether it lets other rows of the statement in, whose constraints may speak first."""

    def __str__(self) -> str:
        if self.kind == "rows":
            noun = "row" if self.count == 1 else "rows"
            return f"{self.count} {noun}"
        words = {"refused": "refused by a policy", "denied": "denied", "undecided": "undecided"}
        told = words.get(self.kind, "an error")
        return f"{told} ({self.message})" if self.message else told


DENIED = Outcome("denied")
REFUSED = Outcome("refused")
REFUSED_AMONG_OTHERS = Outcome("refused", among=True)


def agree(expected: Outcome, got: Outcome) -> bool:
    """Return whether what happened is what had to, or nobody can tell."""
    if got.state == _NOT_SUPPORTED:
        return expected.kind in ("rows", "refused")
    if got.kind == "undecided":
        spoke_first = expected.among or not _let_in(got)
        return expected.kind == "rows" or (expected.kind == "refused" and spoke_first)
    if (expected.kind, expected.count) != (got.kind, got.count):
        return False
    return expected.keys is None or got.keys is None or expected.keys == got.keys


def _let_in(got: Outcome) -> bool:
    """Keys and constraints are checked after the policies: where they were spoken of, these let the row in.

    Domains and the way to a partition speak before.
    """
    constraint = got.message.startswith(("new row for relation", "null value in column"))
    return got.state in _KEYS or (got.state in _CONSTRAINTS and constraint)


_KEYS = frozenset({"23505", "23503"})
_CONSTRAINTS = frozenset({"23502", "23514"})
_RECURSION = "54001"
_NOT_SUPPORTED = "0A000"
"""COPY lets no row in under row security, not even one that the policies let in."""


def outcome_of(state: str | None, message: str, raised: bool, count: int, keys: list[str] | None) -> Outcome:
    """Return what PostgreSQL's answer means.

    :param state: the error's code, None where there was none.
    :param raised: whether a function on the way raised it by itself.
    """
    if state is None:
        return Outcome("rows", count, None if keys is None else frozenset(keys))
    if raised and state != _RECURSION:
        # What a trigger raises by itself is no key's word, whatever code it borrows.
        return Outcome("undecided", state="P0001", message=message)
    if state[:2] in ("23", "22", "P0"):
        return Outcome("undecided", state=state, message=message)
    if state == "42501":
        kind: Literal["refused", "denied"] = "refused" if "row-level security" in message else "denied"
        return Outcome(kind, state=state, message=message)
    if state == _NOT_SUPPORTED and "row-level security" in message:
        return Outcome("refused", state=state, message=message)
    return Outcome("error", state=state, message=message)
