"""Rows for every table, whatever its constraints: drawn, tried, and drawn again where PostgreSQL objects.

The rows are made by the tables' owners in a clone, row security off while they do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from gatepost.isolation.candidates import Candidates
from gatepost.isolation.case import Row
from gatepost.isolation.declared import Declaration
from gatepost.isolation.defaults import defaults_of
from gatepost.isolation.people import TENANTS, People, Place, claimed_places, root, tenant_places, user_places
from gatepost.isolation.rows import Rows, Values, blamed
from gatepost.isolation.seeded import NoRow, Seeded
from gatepost.isolation.structure import ColumnFacts, KeyFacts, TableFacts
from gatepost.isolation.witnesses import Laying, laying_of, rows_laid_down

if TYPE_CHECKING:
    from gatepost.postgres.connect import Connection

ROWS = 10
SPARE = 6
_TRIES, _FEW = 400, 40


@dataclass
class Seeding:
    """Makes the rows of one world on an open transaction."""

    connection: Connection
    declaration: Declaration
    facts: Mapping[str, TableFacts]
    people: People
    random: Random
    most: int = ROWS
    made: Seeded = field(default_factory=Seeded)

    def __post_init__(self) -> None:
        self.using = Rows(self.connection)
        self._users = user_places(self.declaration)
        self._tenants = tenant_places(self.declaration)
        self._claims = claimed_places(self.declaration)
        self._user_roots = {root(place, self.facts) for place in self._users}
        self._owners = [one.user for one in self.people.everybody if one != self.people.stranger]
        self._turn: dict[Place, int] = defaultdict(int)
        homes = {(table, column) for table, facts in self.facts.items() for column in facts.key}
        self._loose = {place for place in (*self._users, *self._tenants) if place not in homes}
        """Columns that name a user or tenant and are nobody's home, though no foreign key says so."""
        for of in self.declaration.memberships.values():
            at = root((of.table, of.tenant), self.facts)
            if at == (of.table, of.tenant):
                drawn = Candidates(self.facts[of.table], self.random)
                self.made.tenants[of.table] = [str(drawn.draw(of.tenant, null=False)) for _ in range(3)]

    def run(self) -> Seeded:
        """Fill every declared table, those that others refer to first."""
        with self.using.unguarded(self.facts.values()):
            for table in self._in_order():
                self._fill(self.facts[table])
            for table in self.declaration.subjects:
                self._learn(self.facts[table])
            self.made.rows.clear()
            for table in self._in_order():
                found = self.using.read(self.facts[table])
                self.made.rows[table] = [row for _, row in found]
                self.made.partition_of[table] = [lies for lies, _ in found]
            for subject in self.declaration.subjects.values():
                for role in (one for one, given in subject.intent.roles.items() if "delete" in given):
                    rows = self.made.rows[subject.name]
                    kept = self.using.undeletable(self.facts[subject.name], role, rows)
                    self.made.undeletable[role, subject.name] = kept
        return self.made

    def _in_order(self) -> list[str]:
        done: list[str] = []

        def visit(table: str, above: frozenset[str]) -> None:
            if table in done or table in above or table not in self.facts:
                return
            for key in self.facts[table].of_kind("f"):
                visit(str(key.referenced), above | {table})
            done.append(table)

        for table in [*self.declaration.memberships, *self.declaration.subjects]:
            visit(table, frozenset())
        return done

    # rows

    def _fill(self, facts: TableFacts) -> None:
        drawn = Candidates(facts, self.random)
        of = self.declaration.memberships.get(facts.name)
        if of is not None:
            self._seat(facts, drawn)
        for fixed in self._wanted(facts):
            row = self._search(facts, drawn, fixed)
            if row is None:
                break
        for fixed in rows_laid_down(self.declaration, self._laying(facts, drawn), facts.name):
            self._search(facts, drawn, fixed, quietly=True, tries=_FEW)

    def _wanted(self, facts: TableFacts) -> list[Values]:
        """Return what is laid down of each row: every person and every partition has its own.

        Of tenants there are few, so that rows are those of people who have a seat there.
        """
        homes = {root(place, self.facts) for place in self._tenants} - self._loose
        if facts.name not in self.declaration.memberships and any(table == facts.name for table, _ in homes):
            return [{} for _ in range(TENANTS + 1)]
        home = [column for table, column in self._user_roots if table == facts.name]
        if home:
            return [{home[0]: one.user} for one in self.people.everybody]
        if facts.name in self.declaration.memberships:
            return []
        return [{} for _ in range(max(self.most, 2 * len(facts.partitions)))]

    def _seat(self, facts: TableFacts, drawn: Candidates) -> None:
        for seat in self.people.seats:
            if seat.of.table != facts.name:
                continue
            fixed: Values = {seat.of.user: seat.person.user}
            fixed[seat.of.tenant] = self._tenant(seat.of.table, seat.of.tenant, seat.tenant)
            if seat.of.role is not None:
                fixed[seat.of.role] = seat.role
            if seat.of.where is not None:
                fixed |= self._laying(facts, drawn).counting(seat)
            if self._search(facts, drawn, fixed, quietly=True) is not None:
                self.made.seats_taken.append(seat)
            else:
                self.made.notes.append(f"{facts.name} has no {seat.person.label}: no such row was accepted")

    def _laying(self, facts: TableFacts, drawn: Candidates) -> Laying:
        return laying_of(self.declaration, self.people, self.made, facts, drawn.other)

    def _tenant(self, table: str, column: str, at: int) -> str:
        if table not in self.made.tenants:
            home, key = root((table, column), self.facts)
            self.made.tenants[table] = [str(row[key]) for row in self.made.rows[home][:3]]
        return self.made.tenants[table][at]

    def _search(
        self,
        facts: TableFacts,
        drawn: Candidates,
        fixed: Values,
        *,
        quietly: bool = False,
        keep: bool = True,
        tries: int = _TRIES,
    ) -> Row | None:
        """Draw a row, and again the columns that PostgreSQL objects to, until it accepts it."""
        import psycopg

        values = self._draw(facts, drawn, fixed)
        problem = ""
        for attempt in range(tries):
            try:
                return self._kept(facts, values, keep=keep)
            except psycopg.Error as error:
                problem = error.diag.message_primary or str(error)
                self._draw_again(facts, drawn, values, fixed, blamed(facts, error))
                if attempt % 20 == 19:
                    values = self._draw(facts, drawn, fixed)
        if not quietly and not self.made.rows[facts.name]:
            raise NoRow(f'no row was found that table "{facts.name}" accepts ({problem})')
        return None

    def _kept(self, facts: TableFacts, values: Values, *, keep: bool) -> Row:
        row = self.using.insert(facts, values, keep=keep)
        if keep:
            self.made.rows[facts.name].append(row)
        return row

    # drawing

    def _draw(self, facts: TableFacts, drawn: Candidates, fixed: Values) -> Values:
        values: Values = dict(fixed)
        for key in sorted(facts.of_kind("f"), key=lambda one: -len(one.columns)):
            self._refer(facts, key, values, fixed)
        for name, column in facts.columns.items():
            if name not in values and column.is_given:
                values[name] = self._one(facts, drawn, column)
        return values

    def _draw_again(
        self, facts: TableFacts, drawn: Candidates, values: Values, fixed: Values, blamed: Sequence[str]
    ) -> None:
        foreign = {name: key for key in facts.of_kind("f") for name in key.columns}
        for name in blamed:
            if name in fixed or name not in values:
                continue
            if name in foreign:
                for column in foreign[name].columns:
                    if column not in fixed:
                        values.pop(column, None)
                self._refer(facts, foreign[name], values, fixed)
            else:
                values[name] = self._one(facts, drawn, facts.columns[name])

    def _one(self, facts: TableFacts, drawn: Candidates, column: ColumnFacts) -> str | None:
        place = (facts.name, column.name)
        if root(place, self.facts) == place and place not in self._loose:
            return drawn.draw(column.name)
        if place in self._claims:
            return self._in_turn(place, self.people.guests)
        if place in self._users:
            return self._in_turn(place, self._owners)
        if place in self._tenants and (known := self.made.tenants.get(self._tenants[place].table)):
            return self._in_turn(place, known)
        return drawn.draw(column.name)

    def _in_turn(self, place: Place, values: Sequence[str]) -> str:
        self._turn[place] += 1
        return values[self._turn[place] % len(values)]

    def _refer(self, facts: TableFacts, key: KeyFacts, values: Values, fixed: Values) -> None:
        """Choose a row to refer to that fits what is chosen already, or make one; none where null will do."""
        if any(column in fixed and fixed[column] is None for column in key.columns):
            return
        there = self.made.rows.get(str(key.referenced), [])
        pairs = list(zip(key.columns, key.referenced_columns, strict=True))
        known = {column: values[column] for column in key.columns if values.get(column) is not None}
        fitting = [
            row for row in there if all(row[far] == known[near] for near, far in pairs if near in known)
        ]
        optional = [c for c in key.columns if not facts.columns[c].required and c not in fixed]
        if (optional and not fitting) or (optional and self.random.random() < 0.2):
            values.update({column: None for column in optional if column not in known})
            return
        if not fitting:
            fitting = self._made_for(
                str(key.referenced), {far: known[near] for near, far in pairs if near in known}
            )
        if not fitting:
            return
        if (facts.name, key.columns[0]) in self._users and len(key.columns) == 1:
            fitting = [row for row in fitting if row[key.referenced_columns[0]] in self._owners] or fitting
        chosen = self._among(facts, key, fitting)
        values.update({near: chosen[far] for near, far in pairs if near not in known})

    def _made_for(self, table: str, fixed: Values) -> list[Row]:
        """Return a new row to refer to; none where the table accepts none."""
        if not fixed or table not in self.facts:
            return []
        facts = self.facts[table]
        made = self._search(facts, Candidates(facts, self.random), fixed, quietly=True, tries=_FEW)
        return [] if made is None else [made]

    def _among(self, facts: TableFacts, key: KeyFacts, fitting: Sequence[Row]) -> Row:
        place = (facts.name, key.name)
        if self.random.random() < 0.3:
            return self.random.choice(fitting)
        self._turn[place] += 1
        return fitting[self._turn[place] % len(fitting)]

    # what triggers do

    def _learn(self, facts: TableFacts) -> None:
        """Find rows that the table would accept, and what its triggers make of them."""
        drawn = Candidates(facts, self.random)
        spares, changed, to_user = [], set[str](), set[str]()
        for _ in range(SPARE):
            row = self._search(facts, drawn, {}, quietly=True, keep=False)
            if row is None:
                break
            values = {name: row[name] for name, column in facts.columns.items() if column.is_given}
            again = self._as_user(facts, values)
            changed |= {name for name in values if again[name] != values[name]}
            to_user |= {name for name in changed if again[name] == self.people.owner.user}
            spares.append(values)
        self.made.spares[facts.name] = spares
        self.made.defaults[facts.name] = defaults_of(self.using, facts, self.declaration, self.people)
        self.made.overwritten[facts.name] = frozenset(changed)
        self.made.set_to_user[facts.name] = frozenset(to_user)

    def _as_user(self, facts: TableFacts, values: Values) -> Row:
        """Return what becomes of a row that a user inserts; it is the same where the table refuses it."""
        import psycopg

        claims = f'{{"sub": "{self.people.owner.user}"}}'
        self.connection.execute("select set_config('request.jwt.claims', %s, true)", [claims])
        try:
            return self.using.insert(facts, values, keep=False)
        except psycopg.Error:
            return values
        finally:
            self.connection.execute("select set_config('request.jwt.claims', '', true)")
