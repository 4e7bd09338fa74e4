"""Who there is in the generated rows: people of several tenants, and people of none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random

from gatepost.intent import Claimed, Member, Membership, Own
from gatepost.isolation.candidates import uuid
from gatepost.isolation.case import Asker
from gatepost.isolation.declared import Declaration, parts_of
from gatepost.isolation.structure import TableFacts

Place = tuple[str, str]
"""A table and a column."""
TENANTS = 2
_TEXT = re.compile(r"'((?:[^']|'')*)'")


@dataclass(frozen=True)
class Person:
    """A user and what people call them."""

    user: str
    label: str


@dataclass(frozen=True)
class Seat:
    """A membership that is to be: of the n-th tenant, in a role."""

    of: Membership
    tenant: int
    role: str | None
    person: Person
    counts: bool
    """Whether it is to be one that counts, where rules count only some memberships."""

    def meets(self, rule: Member) -> bool:
        """Return whether it makes its person a member as the rule says."""
        fits = rule.of.table == self.of.table and (rule.roles is None or self.role in rule.roles)
        return fits and (rule.of.where is None or self.counts)


@dataclass
class People:
    """Everybody in the generated rows."""

    stranger: Person
    """Belongs to no tenant and owns no row."""
    owner: Person
    """Owns rows and belongs to no tenant."""
    seats: list[Seat] = field(default_factory=list)
    guests: tuple[str, ...] = ()
    """What claims of tokens name, where rules go by claims."""

    @property
    def everybody(self) -> list[Person]:
        """All of them, once each."""
        return list(dict.fromkeys([self.stranger, self.owner, *(seat.person for seat in self.seats)]))


def people_of(declaration: Declaration, facts: Mapping[str, TableFacts], random: Random) -> People:
    """Return somebody in each role of each of two tenants, somebody in both, and two in none.

    Where only some memberships count, every other does: in each tenant some, of each role one.
    """
    people = People(Person(uuid(random), "stranger"), Person(uuid(random), "owner of rows"))
    if claimed_places(declaration):
        people.guests = tuple(f"guest-{uuid(random)}" for _ in range(TENANTS))
    for of in declaration.memberships.values():
        roles = _roles(of, facts[of.table], declaration)
        for tenant in range(TENANTS):
            for at, role in enumerate(roles):
                label = f"{role or 'member'} of {_noun(of.tenant)} {tenant + 1}"
                person = Person(uuid(random), label)
                people.seats.append(Seat(of, tenant, role, person, counts=(tenant + at) % 2 == 0))
        both = Person(uuid(random), f"in both {_noun(of.tenant)}s")
        people.seats += [Seat(of, 0, roles[0], both, counts=True), Seat(of, 1, roles[-1], both, counts=False)]
    return people


def askers_by_claim(declaration: Declaration, people: People, role: str) -> Iterator[Asker]:
    """Yield those of a role whose tokens have a claim that the role's rules go by: guests, and an owner of
    rows with each claim that is a user's."""
    roles = declaration.roles_of(role)
    given = (rule for one in declaration.subjects.values() for rule in one.rules_of(roles))
    parts = (part for rule in given for _, part in parts_of(rule, ""))
    claims_of = dict.fromkeys((one.claim, one.signed_in) for one in parts if isinstance(one, Claimed))
    for claim, signed_in in claims_of:
        for number, value in enumerate(people.guests, 1):
            claims = ((claim, value),)
            if not signed_in:
                yield Asker(role, None, f"{role}: guest {number}", roles, claims)
            elif number == 1:
                label = f"{role}: {people.owner.label} with guest 1 as {claim}"
                yield Asker(role, people.owner.user, label, roles, claims)


def _noun(column: str) -> str:
    return column.removesuffix("_id").replace("_", " ")


def _roles(of: Membership, facts: TableFacts, declaration: Declaration) -> list[str | None]:
    """Return the roles that a membership can have: what its column accepts, or what intents speak of."""
    if of.role is None:
        return [None]
    column = facts.columns[of.role]
    checks = [key.definition for key in facts.of_kind("c") if key.columns == (of.role,)]
    listed = [
        *column.labels,
        *(text for one in (*checks, *column.domain_checks) for text in _TEXT.findall(one)),
    ]
    if listed:
        return sorted(set(listed))
    spoken = {
        role
        for _, rule in declaration.rules()
        if isinstance(rule, Member) and rule.of.table == of.table
        for role in rule.roles or ()
    }
    return [*sorted(spoken), "another role"]


def user_places(declaration: Declaration) -> set[Place]:
    """Return the columns that name a user."""
    owned = {(table, rule.column) for table, rule in declaration.rules() if isinstance(rule, Own)}
    return owned | {(of.table, of.user) for of in declaration.memberships.values()}


def tenant_places(declaration: Declaration) -> dict[Place, Membership]:
    """Return the columns that name a tenant, and whose."""
    owned = {(table, rule.column): rule.of for table, rule in declaration.rules() if isinstance(rule, Member)}
    return owned | {(of.table, of.tenant): of for of in declaration.memberships.values()}


def claimed_places(declaration: Declaration) -> set[Place]:
    """Return the columns that a claim of the token is compared with."""
    return {(table, rule.column) for table, rule in declaration.rules() if isinstance(rule, Claimed)}


def root(place: Place, facts: Mapping[str, TableFacts]) -> Place:
    """Follow foreign keys to the column where the value is at home."""
    seen = set()
    while place not in seen and place[0] in facts:
        seen.add(place)
        table, column = place
        for key in facts[table].of_kind("f"):
            if column in key.columns and key.referenced is not None:
                place = (key.referenced, key.referenced_columns[key.columns.index(column)])
                break
    return place
