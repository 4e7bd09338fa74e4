"""One state of the rows in a clone: who is there, what the oracle says of them, and PostgreSQL's answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING

from gatepost.intent import Member, Own
from gatepost.isolation.case import Asker, Row
from gatepost.isolation.declared import Declaration, parts_of
from gatepost.isolation.oracle import Oracle
from gatepost.isolation.people import People, people_of
from gatepost.isolation.seeding import Seeded, Seeding
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
        members = {
            table: dict(zip(self.rows[table], lies, strict=True))
            for table, lies in self.seeded.partition_of.items()
        }
        keys = {table: facts.key for table, facts in self.facts.items()}
        kept = {
            (role, table): frozenset(key for at, key in enumerate(self.rows[table]) if at in places)
            for (role, table), places in self.seeded.undeletable.items()
        }
        return Oracle(self.declaration.subjects, self.rows, keys, members, self.seeded.set_to_user, kept)

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
        named = self.people.everybody if role in self.declaration.api_roles else self.people.everybody[2:3]
        for person in named:
            yield Asker(role, person.user, f"{role}: {person.label}", inherited)

    def _goes_by_user(self, roles: frozenset[str]) -> bool:
        return any(
            isinstance(part, Own | Member)
            for subject in self.declaration.subjects.values()
            for role in roles & subject.intent.roles.keys()
            for rule in subject.intent.roles[role].values()
            for _, part in parts_of(rule, subject.name)
        )


def key_of(facts: TableFacts, row: Row) -> str:
    """Return what tells a row from the others of its table."""
    return "|".join(row[column] or "" for column in facts.key)


@contextmanager
def world_in(
    connection: Connection, declaration: Declaration, facts: Mapping[str, TableFacts], seed: int
) -> Iterator[World]:
    """Fill a clone's tables for as long as the block lasts; nothing of it is committed.

    :raises NoRow: a table accepts no row that could be found.
    """
    from psycopg import Rollback

    random = Random(seed)  # noqa: S311
    people = people_of(declaration, facts, random)
    with connection.transaction() as transaction:
        seeded = Seeding(connection, declaration, facts, people, random).run()
        yield World(connection, declaration, facts, people, seeded)
        raise Rollback(transaction)
