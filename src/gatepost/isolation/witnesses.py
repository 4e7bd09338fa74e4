"""Rows by construction: for each way in which a rule lets somebody in, one that it lets in for that alone,
and for each condition of it, one that lacks just that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

from gatepost.intent import All, Any_, Claimed, Everybody, Having, Member, Own, Rule, Through, Update, Value
from gatepost.isolation.case import Asker, Row
from gatepost.isolation.declared import Declaration
from gatepost.isolation.meaning import Meaning
from gatepost.isolation.people import People, Person, Seat, askers_by_claim
from gatepost.isolation.rows import Values
from gatepost.isolation.seeded import Seeded
from gatepost.isolation.structure import TableFacts

Laid = Mapping[str, str | None]
Way = tuple[Rule, ...]
"""Conditions that let somebody in together."""


def ways_in(rule: Rule) -> list[Way]:
    """Return the alternatives of a rule."""
    match rule:
        case Any_(parts):
            return [way for part in parts for way in ways_in(part)]
        case All(parts):
            return [tuple(one for way in ways for one in way) for ways in product(*map(ways_in, parts))]
        case Through():
            return [(replace(rule, rule=All(way)),) for way in ways_in(rule.rule)]
    return [(rule,)]


@dataclass(frozen=True)
class Laying:
    """Lays down of a table's rows what rules look at."""

    people: People
    tenants: Mapping[str, Sequence[str]]
    """Per table of memberships, the tenants' values."""
    meaning: Meaning
    rows: Mapping[str, Mapping[str, Row]]
    columns: Sequence[str]
    other: Callable[[str, Sequence[Value]], str | None]
    """Gives a value of a column that is none of these; None where none is known."""

    def witnesses(self, rule: Rule, askers: Sequence[Asker]) -> Iterator[Values]:
        """Yield for each way in what a row must have; those of whoever has no other way in come first."""
        ways = [way for way in ways_in(rule) if any(not isinstance(one, Everybody) for one in way)]
        for way in ways:
            others = Any_(tuple(All(one) for one in ways if one != way))
            yield from self._best(others, askers, [self._met] * len(way), way)
            for at, condition in enumerate(way):
                for missed in self._misses(condition):
                    lacking = [missed if one == at else self._met for one in range(len(way))]
                    yield from self._best(Any_((*others.parts, All(way))), askers, lacking, way)

    def counting(self, seat: Seat) -> Values:
        """Return the values by which a membership counts, or does not, as the seat is to."""
        if seat.of.where is None:
            return {}
        asker = Asker("", seat.person.user, "", frozenset())
        found = self.witnesses(seat.of.where, [asker])
        return next((one for one in found if self._holds(seat.of.where, one, asker) == seat.counts), {})

    def _best(
        self,
        others: Rule,
        askers: Sequence[Asker],
        how: Sequence[Callable[[Rule, Asker], Iterator[Laid]]],
        way: Way,
    ) -> Iterator[Values]:
        """Yield what fits the asker for whom it is clearest, with each of its possible values."""
        for wanted in (False, True):
            for asker in askers:
                parts = [list(one(condition, asker)) for one, condition in zip(how, way, strict=True)]
                laid = [made for one in product(*parts) if (made := _together(one)) is not None]
                if laid and any(self._holds(others, one, asker) for one in laid) == wanted:
                    yield from laid
                    return

    def _holds(self, rule: Rule, laid: Values, asker: Asker) -> bool:
        return self.meaning.holds(rule, {**dict.fromkeys(self.columns), **laid}, asker)

    def _met(self, condition: Rule, asker: Asker) -> Iterator[Laid]:
        """Yield values by which a condition holds."""
        match condition:
            case Own(column) if asker.user is not None:
                yield {column: asker.user}
            case Claimed(column, claim, signed_in) if signed_in == (asker.user is not None):
                yield from ({column: value} for name, value in asker.claims if name == claim)
            case Having(column, values):
                yield from ({column: written(value)} for value in values)
            case Member(column=column):
                yield from ({column: tenant} for tenant in self._tenants(condition, asker, meets=True)[:1])
            case Through(column, table, there, key):
                found = (row for row in self.rows[table].values() if self.meaning.holds(there, row, asker))
                yield from ({column: row[key]} for row in list(found)[:1])
            case Everybody():
                yield {}

    def _missed(self, condition: Rule, asker: Asker) -> Iterator[Laid]:
        """Yield values by which a condition only just does not hold."""
        match condition:
            case Own(column):
                yield from ({column: one.user} for one in self._others(asker)[:1])
            case Claimed(column, claim, _):
                mine = {value for name, value in asker.claims if name == claim}
                yield from ({column: value} for value in self.people.guests if mine - {value})
            case Having(column, values):
                if (value := self.other(column, values)) is not None:
                    yield {column: value}
            case Member(column=column):
                yield from ({column: tenant} for tenant in self._tenants(condition, asker, meets=False))

    def _misses(self, condition: Rule) -> Iterator[Callable[[Rule, Asker], Iterator[Laid]]]:
        """Yield how a condition can be missed; of a reference, for want of each condition behind it."""
        if isinstance(condition, Through) and isinstance(condition.rule, All):
            yield from (partial(self._missed_behind, at) for at in range(len(condition.rule.parts)))
        else:
            yield self._missed

    def _missed_behind(self, at: int, condition: Rule, asker: Asker) -> Iterator[Laid]:
        assert isinstance(condition, Through)
        assert isinstance(condition.rule, All)
        parts = condition.rule.parts
        rows = self.rows[condition.table].values()
        found = (row for row in rows if self._lacks(parts, at, row, asker))
        yield from ({condition.column: row[condition.key]} for row in list(found)[:1])

    def _lacks(self, parts: Way, at: int, row: Row, asker: Asker) -> bool:
        return all(
            self.meaning.holds(part, row, asker) != (number == at) for number, part in enumerate(parts)
        )

    def _others(self, asker: Asker) -> list[Person]:
        others = (self.people.owner, *(seat.person for seat in self.people.seats))
        return [one for one in others if one.user != asker.user]

    def _tenants(self, rule: Member, asker: Asker, *, meets: bool) -> list[str]:
        """Return tenants whose member the asker is; or where they have a seat that does not do, and none."""
        known = self.tenants.get(rule.of.table, ())
        seats = [
            one
            for one in self.people.seats
            if one.person.user == asker.user and one.of.table == rule.of.table
        ]
        met = {seat.tenant for seat in seats if seat.meets(rule)}
        if meets:
            return [known[at] for at in sorted(met) if at < len(known)]
        seated = {seat.tenant for seat in seats} - met
        empty = [at for at in range(len(known)) if at not in seated | met]
        return [known[at] for at in (*sorted(seated)[:1], *empty[:1]) if at < len(known)]


def laying_of(
    declaration: Declaration,
    people: People,
    made: Seeded,
    facts: TableFacts,
    other: Callable[[str, Sequence[Value]], str | None],
) -> Laying:
    """Return what lays down rows of a table in a world that is made so far."""
    tables = {*declaration.subjects, *declaration.memberships}
    rows = {table: {str(at): row for at, row in enumerate(made.rows.get(table, []))} for table in tables}
    return Laying(people, made.tenants, Meaning(rows), rows, tuple(facts.columns), other)


def rows_laid_down(declaration: Declaration, laying: Laying, table: str) -> Iterator[Values]:
    """Yield what rows must have so that each part of the table's rules decides on one of them.

    Of memberships there are those that people have, and of the stranger's rows there are none.
    """
    told = table in declaration.subjects and table not in declaration.memberships
    given = declaration.subjects[table].intent.roles if told else {}
    people = [one for one in laying.people.everybody if one != laying.people.stranger]
    seen: list[Values] = []
    for role, commands in given.items():
        roles = declaration.roles_of(role)
        askers = [Asker(role, one.user, one.label, roles) for one in people]
        askers += askers_by_claim(declaration, laying.people, role)
        for rule in commands.values():
            for side in (rule.old, rule.new) if isinstance(rule, Update) else (rule,):
                new = [one for one in laying.witnesses(side, askers) if one not in seen]
                seen += new
                yield from new


def _together(parts: Sequence[Laid]) -> Values | None:
    """Return all that is laid down; None where two parts differ about a column."""
    made: Values = {}
    for part in parts:
        if any(made.get(column, value) != value for column, value in part.items()):
            return None
        made |= part
    return made


def written(value: Value) -> str | None:
    """Return a value as PostgreSQL writes it."""
    return None if value is None else str(value).lower() if isinstance(value, bool) else str(value)
