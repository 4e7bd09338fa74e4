"""One state of the rows in a clone: who is there, what the oracle says of them, and PostgreSQL's answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING

from gatepost.intent import Claimed, Member, Own
from gatepost.isolation.case import Asker, Row, Subject
from gatepost.isolation.declared import Declaration, parts_of
from gatepost.isolation.oracle import Oracle
from gatepost.isolation.people import People, askers_by_claim, people_of
from gatepost.isolation.seeded import Seeded
from gatepost.isolation.seeding import ROWS, Seeding
from gatepost.isolation.structure import TableFacts

if TYPE_CHECKING:
    from gatepost.postgres.connect import Connection


@dataclass(frozen=True)
class World:
    """The rows of an open transaction, which is rolled back in the end."""

    connection: Connection
    declaration: Declaration
    facts: Mapping[str, TableFacts]
    people: People
    seeded: Seeded

    @cached_property
    def rows(self) -> dict[str, dict[str, Row]]:
        """Every table's rows by key."""
        return {
            table: {key_of(self.facts[table], row): row for row in rows}
            for table, rows in self.seeded.rows.items()
        }

    @cached_property
    def oracle(self) -> Oracle:
        """Who says what must happen."""
        return self._oracle(self.declaration.subjects)

    def oracle_of(self, subject: Subject) -> Oracle:
        """Return who says what would have to happen if one table were declared like this."""
        return self._oracle({**self.declaration.subjects, subject.name: subject})

    @property
    def marking(self) -> frozenset[str]:
        """The tables where a trigger changes rows that are deleted instead."""
        return frozenset(table for (_, table), kept in self.seeded.undeletable.items() if kept.marked)

    def _oracle(self, subjects: Mapping[str, Subject]) -> Oracle:
        members = {
            table: dict(zip(self.rows[table], lies, strict=True))
            for table, lies in self.seeded.partition_of.items()
        }
        keys = {table: facts.key for table, facts in self.facts.items()}
        held = self.seeded.undeletable.items()
        kept = {place: self._keys_at(place[1], one.places) for place, one in held}
        marked = {place: self._keys_at(place[1], one.marked) for place, one in held}
        set_to_user, defaults = self.seeded.set_to_user, self.seeded.defaults
        return Oracle(subjects, self.rows, keys, members, set_to_user, kept, marked, defaults)

    def _keys_at(self, table: str, places: frozenset[int]) -> frozenset[str]:
        return frozenset(key for at, key in enumerate(self.rows[table]) if at in places)

    @cached_property
    def askers(self) -> list[Asker]:
        """Everybody who asks: each role, and where it depends on the user, each kind of user."""
        return [one for role in self.declaration.roles for one in self._askers(role)]

    def _askers(self, role: str) -> Iterator[Asker]:
        inherited = self.declaration.roles_of(role)
        if not self._goes_by_user(inherited):
            yield Asker(role, None, role, inherited)
            return
        yield Asker(role, None, f"{role}: nobody", inherited)
        for person in self.people.everybody:
            yield Asker(role, person.user, f"{role}: {person.label}", inherited)
        if role in self.declaration.api_roles:
            yield from askers_by_claim(self.declaration, self.people, role)

    def _goes_by_user(self, roles: frozenset[str]) -> bool:
        return any(
            isinstance(part, Own | Member | Claimed)
            for subject in self.declaration.subjects.values()
            for rule in subject.rules_of(roles)
            for _, part in parts_of(rule, subject.name)
        )


def key_of(facts: TableFacts, row: Row) -> str:
    """Return what tells a row from the others of its table."""
    return "|".join(row[column] or "" for column in facts.key)


@contextmanager
def world_in(
    connection: Connection,
    declaration: Declaration,
    facts: Mapping[str, TableFacts],
    seed: int,
    rows: int = ROWS,
) -> Iterator[World]:
    """Fill a clone's tables for as long as the block lasts; nothing of it is committed.

    :param rows: how many of a table, where neither people nor partitions say.
    :raises NoRow: a table accepts no row that could be found.
    """
    from psycopg import Rollback

    random = Random(seed)  # noqa: S311
    people = people_of(declaration, facts, random)
    with connection.transaction() as transaction:
        seeded = Seeding(connection, declaration, facts, people, random, rows).run()
        yield World(connection, declaration, facts, people, seeded)
        raise Rollback(transaction)
