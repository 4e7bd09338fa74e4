"""What must happen, from the intents alone: it knows no SQL, no policy and no catalog."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from gatepost.intent import (
    Any_,
    Command,
    Everybody,
    Rule,
    Update,
)
from gatepost.isolation.case import (
    COMMAND_OF,
    DENIED,
    REFUSED,
    REFUSED_AMONG_OTHERS,
    Asker,
    Case,
    Outcome,
    Row,
    Subject,
)
from gatepost.isolation.meaning import Meaning

NOBODY = Any_(())
USER, CLAIM = "the current user", "the claim "
"""Defaults that are whoever asks, and a claim of the token, whose name follows."""


class Oracle:
    """Answers for one state of the rows.

    :param subjects: the declared tables by name.
    :param rows: each table's rows by key.
    :param keys: the columns that a table's keys are made of.
    :param members: in which partition each row lies.
    :param set_to_user: columns that a trigger sets to the current user when a row is inserted.
    :param undeletable: by role and table, the rows that a trigger keeps when the role deletes them.
    :param marked: those of them that it changes instead: a delete has touched them.
    :param defaults: by table, what columns become of which an insert says nothing; `USER` is who asks.
    """

    def __init__(
        self,
        subjects: Mapping[str, Subject],
        rows: Mapping[str, Mapping[str, Row]],
        keys: Mapping[str, Sequence[str]],
        members: Mapping[str, Mapping[str, str]] | None = None,
        set_to_user: Mapping[str, frozenset[str]] | None = None,
        undeletable: Mapping[tuple[str, str], frozenset[str]] | None = None,
        marked: Mapping[tuple[str, str], frozenset[str]] | None = None,
        defaults: Mapping[str, Mapping[str, str | None]] | None = None,
    ) -> None:
        self._subjects = subjects
        self._rows = rows
        self._keys = keys
        self._partition_of = members or {}
        self._set_to_user = set_to_user or {}
        self._undeletable = undeletable or {}
        self._marked = marked or {}
        self._defaults = defaults or {}
        self.holds = Meaning(rows).holds
        self.allows = cache(self._allows)
        self._visible = cache(self._seen)

    # who may

    def _allows(self, asker: Asker, table: str, command: Command, columns: frozenset[str]) -> bool:
        """Return whether the asker has the privilege for a command on all of the columns."""
        subject = self._subjects[table]
        if subject.owner in asker.roles:
            return True
        given = [role for role in asker.roles if command in subject.intent.roles.get(role, {})]
        if not given:
            return False
        limits = [subject.granted.get(role, {}).get(command) for role in given]
        if any(limit is None for limit in limits):
            return True
        return columns <= frozenset().union(*(limit for limit in limits if limit is not None))

    def _allows_some(self, asker: Asker, table: str, command: Command) -> bool:
        return any(self.allows(asker, table, command, frozenset({c})) for c in self._subjects[table].columns)

    def rule(self, asker: Asker, table: str, command: Command, *, new: bool = False) -> Rule:
        """Return the rule for the rows that a command finds, or for those that it makes."""
        subject = self._subjects[table]
        if subject.owner in asker.roles and not subject.forced:
            return Everybody()
        found = [
            _side(subject.intent.roles[role][command], new)
            for role in sorted(asker.roles & subject.intent.roles.keys())
            if command in subject.intent.roles[role]
        ]
        return Any_(tuple(found)) if found else NOBODY

    def reaches(self, asker: Asker, table: str, command: Command) -> frozenset[str]:
        """Return the keys of the rows for which the command's rule holds."""
        return self._visible(asker, table, command)

    def _seen(self, asker: Asker, table: str, command: Command) -> frozenset[str]:
        rule = self.rule(asker, table, command)
        return frozenset(key for key, row in self._rows[table].items() if self.holds(rule, row, asker))

    # what happens

    def expect(self, case: Case) -> Outcome:
        """Return what must happen."""
        command = COMMAND_OF[case.action]
        if command is None:
            return DENIED
        if command == "select":
            return self._reading(case)
        if command == "insert":
            return self._inserting(case)
        return self._changing(case, command)

    def _keys_of(self, case: Case) -> frozenset[str]:
        return frozenset(self._keys[case.table])

    def _read_by(self, case: Case) -> frozenset[str]:
        """Return the columns that the statement reads; who goes through a view reads what it shows."""
        through_view = case.path == "view"
        return frozenset(self._subjects[case.table].columns) if through_view else self._keys_of(case)

    def _named(self, case: Case, keys: Iterable[str]) -> frozenset[str]:
        """Return the rows that the statement names, of these."""
        found = frozenset(keys)
        if case.where is not None:
            found &= frozenset(case.where)
        if case.partition is not None:
            lies = self._partition_of[case.table]
            found = frozenset(key for key in found if lies[key] == case.partition)
        return found

    def _reading(self, case: Case) -> Outcome:
        asker, table = case.asker, case.table
        if case.action == "count" and case.where is None and case.path != "view":
            if not self._allows_some(asker, table, "select"):
                return DENIED
            return Outcome("rows", len(self._named(case, self.reaches(asker, table, "select"))))
        if not self.allows(asker, table, "select", self._read_by(case)):
            return DENIED
        found = self._named(case, self.reaches(asker, table, "select"))
        if case.action == "lock":
            if not self._allows_some(asker, table, "update"):
                return DENIED
            found &= self.reaches(asker, table, "update")
        return Outcome("rows", len(found), found)

    def _changing(self, case: Case, command: Command) -> Outcome:
        asker, table = case.asker, case.table
        reads = case.where is not None or "returning" in case.action
        columns = frozenset(column for column, _ in case.values)
        if not self.allows(asker, table, command, columns):
            return DENIED
        if reads and not self.allows(asker, table, "select", self._read_by(case)):
            return DENIED
        found = self.reaches(asker, table, command)
        if reads:
            found &= self.reaches(asker, table, "select")
        found = self._named(case, found)
        if command == "delete":
            kept = self._undeletable.get((asker.role, table), frozenset())
            marked = self._marked.get((asker.role, table), frozenset())
            found -= kept if "returning" in case.action else kept - marked
        if command == "update":
            becomes = [{**self._rows[table][key], **dict(case.values)} for key in found]
            let_in = {self._lets_in(row, case, "update", reads) for row in becomes}
            if False in let_in:
                return REFUSED_AMONG_OTHERS if True in let_in else REFUSED
        keeps_keys = not columns & self._keys_of(case)
        return Outcome("rows", len(found), found if "returning" in case.action and keeps_keys else None)

    def _lets_in(self, row: Row, case: Case, command: Command, reads: bool) -> bool:
        """A statement that reads the table may not make a row that its author could not see."""
        asker, table = case.asker, case.table
        if not self.holds(self.rule(asker, table, command, new=True), row, asker):
            return False
        return not reads or self.holds(self.rule(asker, table, "select"), row, asker)

    def _inserting(self, case: Case) -> Outcome:
        asker, table = case.asker, case.table
        if not self.allows(asker, table, "insert", frozenset(column for column, _ in case.values)):
            return DENIED
        read = frozenset(case.arbiter) | (self._read_by(case) if "returning" in case.action else frozenset())
        if read and not self.allows(asker, table, "select", read):
            return DENIED
        if case.sets and not self.allows(asker, table, "update", frozenset({case.sets[0]})):
            return DENIED
        row = self._as_inserted(case)
        there = self._conflicting(case, row)
        if case.action == "merge":
            return self._merging(case, row, there)
        if not self._lets_in(row, case, "insert", bool(read)):
            return REFUSED
        if case.action == "insert or nothing":
            return Outcome("rows", 0 if there is not None else 1)
        if there is not None and case.sets:
            return self._upserting(case, there)
        return Outcome("rows", 1)

    def _as_inserted(self, case: Case) -> Row:
        user = case.asker.user
        blank: dict[str, str | None] = dict.fromkeys(self._subjects[case.table].columns)
        defaults = self._defaults.get(case.table, {})
        unsaid = {name: _default(value, case.asker) for name, value in defaults.items()}
        by_user = dict.fromkeys(self._set_to_user.get(case.table, ()), user)
        return {**blank, **unsaid, **dict(case.values), **by_user}

    def _conflicting(self, case: Case, row: Row) -> str | None:
        """Return the key of the row that is there already."""
        if not case.arbiter or any(row[column] is None for column in case.arbiter):
            return None
        return next(
            (
                key
                for key, one in self._rows[case.table].items()
                if all(one[column] == row[column] for column in case.arbiter)
            ),
            None,
        )

    def _upserting(self, case: Case, key: str) -> Outcome:
        asker, table, there = case.asker, case.table, self._rows[case.table][key]
        assert case.sets is not None
        if key not in self.reaches(asker, table, "select") & self.reaches(asker, table, "update"):
            return REFUSED
        becomes = {**there, case.sets[0]: case.sets[1]}
        return Outcome("rows", 1) if self._lets_in(becomes, case, "update", reads=True) else REFUSED

    def _merging(self, case: Case, row: Row, there: str | None) -> Outcome:
        """A row that the asker does not see is not there: its key refuses the new one."""
        if there in self.reaches(case.asker, case.table, "select") and there is not None:
            return self._upserting(case, there)
        return Outcome("rows", 1) if self._lets_in(row, case, "insert", reads=False) else REFUSED


def _default(value: str | None, asker: Asker) -> str | None:
    if value is not None and value.startswith(CLAIM):
        return dict(asker.claims).get(value.removeprefix(CLAIM))
    return asker.user if value == USER else value


def _side(rule: Rule | Update, new: bool) -> Rule:
    if isinstance(rule, Update):
        return rule.new if new else rule.old
    return rule
