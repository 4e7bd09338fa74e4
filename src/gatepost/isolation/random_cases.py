"""Cases drawn at random; Hypothesis chooses, and finds the smallest one that fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from gatepost.isolation.case import COMMAND_OF, Action, Asker, Case, Path
from gatepost.isolation.repertoire import Assignment, Repertoire

_ACTIONS: tuple[Action, ...] = (
    "select",
    "count",
    "lock",
    "insert",
    "insert returning",
    "update",
    "update returning",
    "delete",
    "delete returning",
    "upsert",
    "merge",
    "insert or nothing",
    "truncate",
)
_PATHS: tuple[Path, ...] = ("table", "view", "prepared", "partition", "function", "copy")


@dataclass(frozen=True)
class Drawing:
    """Makes cases of what a source of choices says."""

    choices: Repertoire
    tables: Sequence[str]
    askers: Sequence[Asker] = ()
    """Who asks; where there are none, everybody, now and then with a user that nobody foresaw."""

    def case(self, random: Random) -> Case | None:
        """Return a case; None where what was chosen cannot be."""
        table = self.tables[random.randrange(len(self.tables))]
        asker = self._asker(random)
        action = _ACTIONS[random.randrange(len(_ACTIONS))]
        case = Case(asker, table, action)
        if action == "truncate":
            return None if self.choices.subject(table).owner in asker.roles else case
        return self._filled(self._through(case, random), random)

    def _asker(self, random: Random) -> Asker:
        """Return somebody, now and then with a user that nobody foresaw for the role."""
        if self.askers:
            return random.choice(self.askers)
        asker = random.choice(self.choices.world.askers)
        if random.random() < 0.15:
            people = [one.user for one in self.choices.world.people.everybody]
            forged = f"00000000-0000-4000-8000-{random.getrandbits(40):012x}"
            user = random.choice([*people, forged, None])
            return replace(asker, user=user, label=f"{asker.role}: user {user}")
        return asker

    def _through(self, case: Case, random: Random) -> Case:
        path = _PATHS[random.randrange(len(_PATHS))]
        partitions = self.choices.facts(case.table).partitions
        if path == "partition":
            return replace(case, path=path, partition=random.choice(partitions)) if partitions else case
        if path == "function":
            return replace(case, path=path) if case.action == "select" else case
        if path == "copy":
            return replace(case, path=path) if case.action in ("select", "insert") else case
        if case.action == "merge":
            return case
        writes = case.action not in ("select", "lock", "count") and "returning" not in case.action
        return case if path == "prepared" and writes else replace(case, path=path)

    def _filled(self, case: Case, random: Random) -> Case | None:
        if case.action.startswith(("insert", "upsert", "merge")):
            return self._insert(case, random)
        return self._update(case, random) if case.action.startswith("update") else self._where(case, random)

    def _where(self, case: Case, random: Random) -> Case:
        keys = list(self.choices.world.rows[case.table])
        if case.path in ("function", "copy") or not keys or random.random() < 0.2:
            return case
        command = COMMAND_OF[case.action]
        if command is not None and random.random() < 0.5:
            keys = sorted(self.choices.world.oracle.reaches(case.asker, case.table, command)) or keys
        return replace(case, where=tuple(random.sample(keys, random.randint(1, min(4, len(keys))))))

    def _update(self, case: Case, random: Random) -> Case | None:
        columns = self.choices.settable(case.asker, case.table)
        if not columns:
            return None
        chosen = random.sample(columns, min(len(columns), random.choice((1, 1, 1, 2))))
        values = tuple((column, self._value(case, column, random)) for column in chosen)
        return self._where(replace(case, values=values), random)

    def _value(self, case: Case, column: str, random: Random) -> str | None:
        """Return any value, as often one of the asker's own: a rule's other parts must hold to tell."""
        found = self.choices.likely(case.asker, case.table, column) or (None,)
        return random.choice(found[:2] if random.random() < 0.5 else found)

    def _insert(self, case: Case, random: Random) -> Case | None:
        asker, table = case.asker, case.table
        spares, insertable = self.choices.spares(table), self.choices.insertable(asker, table)
        if not spares or not insertable or self.choices.defaults_matter(asker, table):
            return None
        home = self.choices.facts(table).key
        telling = [name for name in self.choices.telling(table) if name in insertable and (name,) != home]
        changed = [(name, self._value(case, name, random)) for name in telling if random.random() < 0.6]
        spare = random.randrange(len(spares))
        if case.action.startswith("insert") and case.action != "insert or nothing":
            return replace(case, values=self.choices.new_row(asker, table, spare, *changed))
        return self._conflicting(case, spare, changed, random)

    def _conflicting(
        self, case: Case, spare: int, changed: Sequence[Assignment], random: Random
    ) -> Case | None:
        asker, table = case.asker, case.table
        insertable, settable = self.choices.insertable(asker, table), self.choices.settable(asker, table)
        arbiters = [one for one in self.choices.arbiters(table) if set(one) <= set(insertable)]
        if not arbiters or not settable or case.path == "partition":
            return None
        arbiter = random.choice(arbiters)
        rows = list(self.choices.world.rows[table].values())
        there: list[Assignment] = []
        if rows and random.random() < 0.7:
            row = random.choice(rows)
            there = [(name, row[name]) for name in arbiter]
        column = random.choice(settable)
        sets = (column, self._value(case, column, random)) if case.action in ("upsert", "merge") else None
        values = self.choices.new_row(asker, table, spare, *changed, *there)
        return replace(case, values=values, arbiter=arbiter, sets=sets)
