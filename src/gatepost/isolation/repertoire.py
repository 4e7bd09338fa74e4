"""What can be tried in a world: the columns and values of which statements are made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from gatepost.intent import Command, Having, Member
from gatepost.isolation.case import Asker, Subject
from gatepost.isolation.declared import parts_of
from gatepost.isolation.people import claimed_places, root, tenant_places, user_places
from gatepost.isolation.structure import TableFacts
from gatepost.isolation.witnesses import written
from gatepost.isolation.world import World

Assignment = tuple[str, str | None]
_VALUES = 16


@dataclass(frozen=True)
class Repertoire:
    """The choices that a world offers; the same ones each time."""

    world: World

    def __post_init__(self) -> None:
        for name in ("telling", "values", "settable", "plain", "arbiters", "insertable", "memberships"):
            object.__setattr__(self, name, cache(getattr(self, name)))

    def __hash__(self) -> int:
        return id(self)

    def subject(self, table: str) -> Subject:
        """Return a table as it is declared."""
        return self.world.declaration.subjects[table]

    def facts(self, table: str) -> TableFacts:
        """Return a table as it is."""
        return self.world.facts[table]

    def telling(self, table: str) -> tuple[str, ...]:
        """Return the columns by which rules tell rows apart, those that triggers set left out."""
        rules = (rule for given in self.subject(table).intent.roles.values() for rule in given.values())
        named = {
            str(getattr(part, "column", ""))
            for rule in rules
            for where, part in parts_of(rule, table)
            if where == table
        }
        kept = self.world.seeded.overwritten.get(table, frozenset())
        facts = self.facts(table)
        return tuple(name for name in facts.columns if name in named - kept and facts.columns[name].is_given)

    def values(self, table: str, column: str) -> tuple[str | None, ...]:
        """Return values that the column has, or could have so that a rule says otherwise of the row."""
        found: dict[str | None, None] = dict.fromkeys(self._spoken_of(table, column))
        place = (table, column)
        if place in user_places(self.world.declaration):
            found |= dict.fromkeys(one.user for one in self.world.people.everybody)
        if (of := tenant_places(self.world.declaration).get(place)) is not None:
            found |= dict.fromkeys(self.world.seeded.tenants[of.table])
        if place in claimed_places(self.world.declaration):
            found |= dict.fromkeys(self.world.people.guests)
        home, key = root(place, self.world.facts)
        for rows, name in ((self.world.rows[table], column), (self.world.rows.get(home, {}), key)):
            found |= dict.fromkeys(row[name] for row in rows.values())
        found |= dict.fromkeys(spare[column] for spare in self.spares(table) if column in spare)
        if not self.facts(table).columns[column].required:
            found[None] = None
        return tuple(found)[:_VALUES]

    def _spoken_of(self, table: str, column: str) -> Iterator[str | None]:
        """Yield the values of the column that rules name."""
        for where, rule in self.world.declaration.rules():
            if isinstance(rule, Having) and (where, rule.column) == (table, column):
                yield from (written(value) for value in rule.values)

    def likely(self, asker: Asker, table: str, column: str) -> tuple[str | None, ...]:
        """Return the same values, the asker's own and those of their tenants first."""
        people, tenants = self.world.people, self.world.seeded.tenants
        seats = [seat for seat in people.seats if seat.person.user == asker.user]
        own = {asker.user, *(tenants[seat.of.table][seat.tenant] for seat in seats)} - {None}
        own |= {value for _, value in asker.claims}
        return tuple(sorted(self.values(table, column), key=lambda value: value not in own))

    def spares(self, table: str) -> Sequence[dict[str, str | None]]:
        """Return rows that the table would accept."""
        return self.world.seeded.spares.get(table, [])

    def _granted(self, asker: Asker, table: str, command: Command) -> frozenset[str]:
        """Return the columns that the asker may write, all where no role of theirs is limited to some."""
        subject, facts = self.subject(table), self.facts(table)
        everything = frozenset(name for name, column in facts.columns.items() if column.is_given)
        named = [role for role in asker.roles if command in subject.intent.roles.get(role, {})]
        limits = [subject.granted.get(role, {}).get(command) for role in named]
        if not named or subject.owner in asker.roles or any(limit is None for limit in limits):
            return everything
        return everything & frozenset().union(*(limit for limit in limits if limit is not None))

    def settable(self, asker: Asker, table: str) -> tuple[str, ...]:
        """Return the columns that an update by the asker can set."""
        kept = self.world.seeded.overwritten.get(table, frozenset())
        granted = self._granted(asker, table, "update")
        return tuple(name for name in self.facts(table).columns if name in granted - kept) or tuple(
            name for name in self.facts(table).columns if name in granted
        )

    def plain(self, asker: Asker, table: str) -> str:
        """Return a column that the asker can set, if possible one that no rule, key or reference has."""
        facts = self.facts(table)
        keys = [key for key in facts.keys if key.kind != "c"]
        named = {
            name for key in keys for name in facts.columns if name in key.columns or name in key.definition
        }
        settable = self.settable(asker, table)
        free = (name for name in settable if name not in named and name not in self.telling(table))
        return next(free, settable[0])

    def insertable(self, asker: Asker, table: str) -> tuple[str, ...]:
        """Return the columns that an insert by the asker says."""
        granted = self._granted(asker, table, "insert")
        return tuple(name for name in self.facts(table).columns if name in granted)

    def new_row(self, asker: Asker, table: str, spare: int, *changed: Assignment) -> tuple[Assignment, ...]:
        """Return the values of a new row: a spare one's, some of them changed.

        Columns that the asker cannot write are left out, unless rules go by them.
        """
        values = {**self.spares(table)[spare], **dict(changed)}
        names = {*self.insertable(asker, table), *(name for name, _ in changed)}
        return tuple((name, value) for name, value in values.items() if name in names)

    def arbiters(self, table: str) -> tuple[tuple[str, ...], ...]:
        """Return the keys by which an upsert can find that a row is there."""
        facts = self.facts(table)
        found = [key.columns for key in facts.of_kind("p", "u") if "DEFERRABLE" not in key.definition]
        return tuple(one for one in found if all(facts.columns[name].is_given for name in one))

    def may_anything(self, asker: Asker, table: str) -> bool:
        """Return whether the asker has any privilege on the table."""
        subject = self.subject(table)
        return subject.owner in asker.roles or bool(asker.roles & subject.intent.roles.keys())

    def is_concerned(self, asker: Asker, table: str) -> bool:
        """Return whether what the table's rules go by can tell the asker from a stranger."""
        people = self.world.people
        seated = {seat.of.table for seat in people.seats if seat.person.user == asker.user}
        return not seated or bool(seated & self.memberships(table))

    def memberships(self, table: str) -> frozenset[str]:
        """Return the tables of memberships that the table's rules go by, or that it is itself."""
        rules = (rule for given in self.subject(table).intent.roles.values() for rule in given.values())
        parts = (part for rule in rules for _, part in parts_of(rule, table))
        return frozenset(part.of.table for part in parts if isinstance(part, Member)) | {table}

    def defaults_matter(self, asker: Asker, table: str) -> bool:
        """Return whether a rule goes by a column that the asker cannot write: then its default
        decides, and nobody knows it."""
        known = {*self.insertable(asker, table), *self.world.seeded.defaults.get(table, {})}
        return bool(set(self.telling(table)) - known)
