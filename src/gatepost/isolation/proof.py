"""The whole proof: lints on the target, then cases and mutants in a clone of its structure."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from random import Random
from threading import Event
from typing import TYPE_CHECKING

from gatepost.engine.interrupt import interruptible
from gatepost.errors import UsageError
from gatepost.isolation.aim import aimed
from gatepost.isolation.case import Case, Outcome, agree
from gatepost.isolation.clone import clone_of
from gatepost.isolation.declared import Declaration
from gatepost.isolation.enumeration import cases_of
from gatepost.isolation.lint import lint
from gatepost.isolation.mutants import Mutant
from gatepost.isolation.mutation import acceptance, by_table, mutate, report, surviving, unneeded
from gatepost.isolation.random_cases import Drawing
from gatepost.isolation.repertoire import Repertoire
from gatepost.isolation.result import Disagreement, Finding, Proof
from gatepost.isolation.seeding import ROWS
from gatepost.isolation.statements import Statements, claims_of, prepare_clone
from gatepost.isolation.structure import TableFacts, structure_of
from gatepost.isolation.views import view_disagreements
from gatepost.isolation.world import World, world_in
from gatepost.postgres.connect import connect, translating

if TYPE_CHECKING:
    from gatepost.postgres.connect import Connection

CASES = 10_000
PER_WORLD = 10_000
"""After so many random cases the rows are made anew."""
_EXAMPLE = 200
"""How many cases one example of Hypothesis holds."""
_AIMED_WORLDS, _AIMED_ROWS, _AIMED_SEED = 4, 40, 1_000_000
"""In so many further worlds cases are aimed at mutants that survived."""
_SHOWN = 20
"""With so many disagreements a table has enough."""
Tell = Callable[[str, int, int], None]
"""Hears a stage, how far it is, and how far it goes."""


@dataclass(frozen=True)
class Wanted:
    """What is to be proved."""

    tables: Sequence[str] = ()
    """All where there are none."""
    cases: int = CASES
    """How many random ones, beside every enumerated one."""
    seed: int = 0
    mutants: bool = True


def prove(declaration: Declaration, wanted: Wanted, tell: Tell = lambda *_: None) -> Proof:
    """Prove a database's isolation; the database itself is only read.

    Ctrl-C ends it where it tells how far it is: between two statements the clone can be dropped.

    :raises GatepostError: the database cannot be reached or cloned, or a table accepts no row.
    """
    pressed = Event()

    def tell_or_stop(stage: str, done: int, total: int) -> None:
        if pressed.is_set():
            raise KeyboardInterrupt
        tell(stage, done, total)

    with interruptible(pressed.set):
        return _prove(declaration, wanted, tell_or_stop)


def _prove(declaration: Declaration, wanted: Wanted, tell: Tell) -> Proof:
    target = declaration.source.target()
    names = [name for name in declaration.subjects if not wanted.tables or name in wanted.tables]
    features = {name: declaration.subjects[name].feature for name in names}
    proof = Proof(features, [], wanted.seed)
    tell("lints", 0, 1)
    with connect(target, search_path="") as connection, translating("reading the catalog"):
        lint(connection, declaration, proof)
    proof.findings += _without_intent(declaration, names)
    tell("making a clone of the structure", 0, 1)
    with (
        clone_of(target) as clone,
        connect(clone.target, search_path="") as connection,
        translating("proving isolation"),
    ):
        _Proving(connection, declaration, wanted, names, proof, tell).run()
    return proof


def _without_intent(declaration: Declaration, names: Sequence[str]) -> Iterator[Finding]:
    for table in declaration.without_intent:
        if table in names:
            yield Finding(
                "proof", "no intent", table, "say who may do what to whose rows: Table(…, intent=…)"
            )


@dataclass
class _Proving:
    """One proof on the connection to its clone."""

    connection: Connection
    declaration: Declaration
    wanted: Wanted
    names: Sequence[str]
    proof: Proof
    tell: Tell
    _counts: dict[str, int] = field(default_factory=dict)

    def run(self) -> None:
        facts = structure_of(self.connection)
        missing = [name for name in self.declaration.subjects if name not in facts]
        self.proof.findings += [
            Finding("proof", "no table", name, "it is declared and not there: deploy it") for name in missing
        ]
        there = [name for name in self.names if name not in (*missing, *self.declaration.without_intent)]
        if missing:
            return
        self._require_english()
        self._leave_out_roles()
        prepare_clone(self.connection, facts, list(self.declaration.subjects))
        self._enumerated(facts, there)
        self._random(facts, there)
        if not self.proof.disagreements:
            self.proof.findings += unneeded(self.declaration, there, self.proof)

    def _require_english(self) -> None:
        """What PostgreSQL refuses for a policy and for a privilege differs in nothing but the words."""
        row = self.connection.execute("select current_setting('lc_messages')").fetchone()
        if row is not None and not str(row[0]).startswith(("C", "POSIX", "en")):
            raise UsageError(f"the server speaks {row[0]}: set lc_messages to C or to an English locale")

    def _leave_out_roles(self) -> None:
        """Leave out the roles that are not there or that the deployer cannot take on, and say so."""
        found = self.connection.execute(
            "select r.rolname from pg_roles as r where r.rolname = any(%s) and pg_has_role(r.oid, 'member')",
            [self.declaration.roles],
        ).fetchall()
        left_out = frozenset(self.declaration.roles) - {str(row[0]) for row in found}
        self.declaration = replace(self.declaration, left_out=left_out)
        for role in sorted(left_out):
            self.proof.notes.append(f"nothing is proved of {role}: the deployer cannot take it on")

    # every case

    def _enumerated(self, facts: Mapping[str, TableFacts], names: Sequence[str]) -> None:
        with self._world(facts, self.wanted.seed) as world:
            self.proof.askers = [one.label for one in world.askers]
            self.proof.notes += world.seeded.notes
            choices, statements = Repertoire(world), self._statements(world)
            known: dict[str, tuple[list[Case], list[Outcome]]] = {}
            survivors: list[Mutant] = []
            for at, table in enumerate(names):
                self.tell("every asker, command and path", at, len(names))
                cases = cases_of(choices, table)
                expected = [world.oracle.expect(case) for case in cases]
                known[table] = cases, expected
                self._judge(world, statements, cases, expected, marked=True)
            self.proof.disagreements += view_disagreements(world, self.proof)
            if self.wanted.mutants and not self.proof.disagreements:
                survivors = mutate(
                    self.connection, self.declaration, statements, known, self.proof, self.tell
                )
        self._aim(facts, survivors)

    def _judge(
        self,
        world: World,
        statements: Statements,
        cases: Sequence[Case],
        expected: Sequence[Outcome],
        *,
        marked: bool = False,
    ) -> None:
        started = time.perf_counter()
        got = statements.run(cases)
        self.proof.case_seconds += time.perf_counter() - started
        self.proof.cases += len(cases)
        for case, wanted, found in zip(cases, expected, got, strict=True):
            self.proof.undecided += found.kind == "undecided"
            if marked:
                self.proof.note(case, found)
            if not agree(wanted, found):
                self._disagree(world, statements, case)

    def _disagree(self, world: World, statements: Statements, case: Case) -> None:
        self._counts[case.table] = self._counts.get(case.table, 0) + 1
        if self._counts[case.table] > _SHOWN:
            return
        small = smallest(world, statements, case)
        self.proof.disagreements.append(
            Disagreement(
                small.table,
                f"{small.asker.label}, with the claims {claims_of(small)}",
                statements.sql(small),
                str(world.oracle.expect(small)),
                str(statements.run([small])[0]),
            )
        )

    def _aim(self, facts: Mapping[str, TableFacts], survivors: list[Mutant]) -> None:
        """Aim cases at the mutants that survived, in worlds with more rows; report those that still do."""
        accepted: list[Mutant] = []
        for number in range(_AIMED_WORLDS):
            if not survivors or self.proof.disagreements:
                break
            with self._world(facts, self.wanted.seed + _AIMED_SEED + number, _AIMED_ROWS) as world:
                survivors = self._still_there(world, self._statements(world), survivors, number)
            # What may stay need not be hunted further.
            accepted += [one for one in survivors if acceptance(self.declaration, one)]
            survivors = [one for one in survivors if one not in accepted]
        report(self.declaration, [*accepted, *survivors], self.proof)

    def _still_there(
        self, world: World, statements: Statements, survivors: Sequence[Mutant], number: int
    ) -> list[Mutant]:
        known: dict[str, tuple[list[Case], list[Outcome]]] = {}
        for at, (table, mutants) in enumerate((tables := by_table(survivors)).items()):
            self.tell(f"aiming at survivors, {number + 1} of {_AIMED_WORLDS}", at, len(tables))
            cases = aimed(world, table, mutants, Random(self.wanted.seed + number))  # noqa: S311
            known[table] = cases, [world.oracle.expect(case) for case in cases]
            self._judge(world, statements, *known[table])
        return surviving(self.connection, survivors, statements, known, self.proof)

    # random cases

    def _random(self, facts: Mapping[str, TableFacts], names: Sequence[str]) -> None:
        done, number = 0, 0
        while done < self.wanted.cases and names and not self.proof.disagreements:
            number += 1
            share = min(PER_WORLD, self.wanted.cases - done)
            with self._world(facts, self.wanted.seed + number) as world:
                drawing, statements = Drawing(Repertoire(world), names), self._statements(world)
                done += self._drawn(world, drawing, statements, share, done)
        self.proof.random_cases = done

    def _drawn(self, world: World, drawing: Drawing, statements: Statements, share: int, before: int) -> int:
        """Let Hypothesis choose cases until there are enough."""
        from hypothesis import HealthCheck, Phase, given, seed, settings
        from hypothesis import strategies as st

        done = 0

        @seed(self.wanted.seed + before)
        @settings(
            max_examples=-(-share // _EXAMPLE) * 2,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(st.lists(st.integers(0, 2**32), min_size=_EXAMPLE, max_size=_EXAMPLE))
        def draw(numbers: list[int]) -> None:
            nonlocal done
            if done >= share or self.proof.disagreements:
                return
            self.tell("cases drawn at random", before + done, self.wanted.cases)
            drawn = (drawing.case(Random(number)) for number in numbers)  # noqa: S311
            cases = [case for case in drawn if case is not None][: share - done]
            started = time.perf_counter()
            expected = [world.oracle.expect(case) for case in cases]
            self.proof.case_seconds += time.perf_counter() - started
            self._judge(world, statements, cases, expected)
            done += len(cases)

        draw()
        return done

    # worlds

    @contextmanager
    def _world(self, facts: Mapping[str, TableFacts], seed: int, rows: int = ROWS) -> Iterator[World]:
        self.tell("making rows of two tenants", 0, 1)
        with world_in(self.connection, self.declaration, facts, seed, rows) as world:
            yield world

    def _statements(self, world: World) -> Statements:
        return Statements(self.connection, world.facts, list(self.declaration.subjects), world.marking)


def smallest(world: World, statements: Statements, case: Case) -> Case:
    """Return the simplest case near one that disagrees which disagrees as well."""

    def fails(other: Case) -> bool:
        return not agree(world.oracle.expect(other), statements.run([other])[0])

    if case.path in ("view", "prepared") and fails(plain := replace(case, path="table")):
        case = plain
    for key in case.where or ():
        if len(case.where or ()) > 1 and fails(one := replace(case, where=(key,))):
            return one
    return case
